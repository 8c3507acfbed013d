import { useId } from 'preact/hooks';
import { asString, isJsonObject } from '../api/json.ts';
import type { StoredRecord } from '../api/types.ts';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';

const TOKEN = '{token}';

/** Where an application sends records of a webhook export. */
export function WebhookAddress({ record: { _id, name, webhook } }: { readonly record: StoredRecord }) {
  const { announce } = useSession();
  const id = useId();
  const { verify, token } = isJsonObject(webhook) ? webhook : {};
  const hasToken = asString(token) !== undefined;
  const address = `${location.origin}${location.pathname}v1/exports/${_id}/${hasToken ? TOKEN : '-'}/data`;
  const copy = useAction(async () => {
    await navigator.clipboard.writeText(address);
    announce('Address copied.');
  });
  return (
    <div class="field">
      <label for={id}>Address of the webhook {name}</label>
      <div class="beside">
        <input
          id={id}
          class="mono"
          value={address}
          readOnly
          aria-describedby={`${id}-hint`}
          onFocus={({ currentTarget }) => currentTarget.select()}
        />
        <button type="button" class="button" onClick={() => void copy.run()}>
          Copy<span class="visually-hidden"> the address of {name}</span>
        </button>
      </div>
      <p class="hint" id={`${id}-hint`}>
        {hint(asString(verify) ?? 'token', hasToken)}
      </p>
      {copy.error !== undefined && (
        <p class="problem" role="alert">
          This browser does not let the page copy. Select the address and copy it yourself.
        </p>
      )}
    </div>
  );
}

function hint(verify: string, hasToken: boolean): string {
  const parts: string[] = [];
  if (hasToken) {
    parts.push(
      `Replace ${TOKEN} with the token that was stored in the export. It is a secret, so it is never shown: if it is lost, store a new one.`,
    );
  } else if (verify === 'token') {
    parts.push('The export has no token yet, so everything is refused. Store one in webhook.token.');
  }
  if (verify === 'hmac') parts.push('Each message must be signed with the key of the export.');
  if (verify === 'basic') parts.push('Messages must have the user name and password of the export.');
  return parts.join(' ');
}
