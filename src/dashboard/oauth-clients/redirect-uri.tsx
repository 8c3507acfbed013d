import { useId } from 'preact/hooks';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import { useResource } from '../app/use-resource.ts';

export function useRedirectUri() {
  return useResource<string>({
    key: '/oauth2',
    load: async (client, signal) => (await client.get<{ redirectURI: string }>('/oauth2', signal)).redirectURI,
    isAffected: () => false,
  });
}

/** The address that has to be registered with every provider. */
export function RedirectUri() {
  const { announce } = useSession();
  const { value, error } = useRedirectUri();
  const id = useId();
  const copy = useAction(async () => {
    await navigator.clipboard.writeText(value ?? '');
    announce('Redirect URI copied.');
  });
  if (value === undefined) return <ErrorNotice error={error} title="The redirect URI could not be loaded." />;
  return (
    <div class="field">
      <label for={id}>Redirect URI to register with the provider</label>
      <div class="beside">
        <input id={id} class="mono" value={value} readOnly onFocus={({ currentTarget }) => currentTarget.select()} />
        <button type="button" class="button" aria-label="Copy the redirect URI" onClick={() => void copy.run()}>
          Copy
        </button>
      </div>
      {copy.error !== undefined && (
        <p class="problem" role="alert">
          This browser does not let the page copy. Select the address and copy it yourself.
        </p>
      )}
    </div>
  );
}
