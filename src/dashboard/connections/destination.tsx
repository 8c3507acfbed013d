import { asString, type JsonObject } from '../api/json.ts';
import { useRedirectUri } from '../oauth-clients/redirect-uri.tsx';
import { useClients } from '../oauth-clients/use-clients.ts';
import { addressOf } from './credentials.ts';
import { textAt } from './record-values.ts';

const originOf = (uri: string | undefined): string | undefined =>
  uri !== undefined && URL.canParse(uri) ? new URL(uri).origin : undefined;

/** Says where the user signs in, and where the tokens go. */
export function Destination({ record }: { readonly record: JsonObject }) {
  const { value: clients } = useClients();
  const { value: redirectURI } = useRedirectUri();
  const chosen = textAt(record, 'http.auth.oauth._iClientId');
  const provider = clients?.find(({ _id }) => _id === chosen);
  const isUsers = textAt(record, 'http.auth.oauth.grantType') !== 'clientcredentials';
  const signIn = originOf(asString(isUsers ? provider?.authURI : provider?.tokenURI));
  const returns = originOf(redirectURI);
  return (
    <div class="stack tight">
      {signIn !== undefined && (
        <p>
          {isUsers ? 'You sign in at ' : 'This server gets tokens from '}
          <strong class="mono">{signIn}</strong>
          {isUsers && ' and come back here'}.
        </p>
      )}
      <p>
        Tokens are then sent to <strong class="mono">{originOf(addressOf(record)) ?? 'no address yet'}</strong> and
        nowhere else. Continue only if that is the application you mean.
      </p>
      {isUsers && returns !== undefined && returns !== location.origin && (
        <p class="notice warn">
          You come back to <span class="mono">{returns}</span>, which is another address than this page’s. You may have
          to sign in to the dashboard there.
        </p>
      )}
    </div>
  );
}
