import { AddressField } from '../app/address-field.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
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
  const { value, error } = useRedirectUri();
  if (value === undefined) return <ErrorNotice error={error} title="The redirect URI could not be loaded." />;
  return (
    <AddressField
      label="Redirect URI to register with the provider"
      value={value}
      copyLabel="Copy the redirect URI"
      copied="Redirect URI copied."
    />
  );
}
