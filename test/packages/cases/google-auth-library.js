import { OAuth2Client } from 'google-auth-library';
export default async ({ url }) => {
  const client = new OAuth2Client({
    clientId: 'i',
    clientSecret: 's',
    redirectUri: 'https://a.test',
    endpoints: { oauth2TokenUrl: `${url}/token` },
  });
  const address = client.generateAuthUrl({ scope: 'a b', state: 's' });
  const { tokens } = await client.getToken('code');
  return [address, tokens.access_token];
};
