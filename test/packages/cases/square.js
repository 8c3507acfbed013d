import { SquareClient, WebhooksHelper } from 'square';
export default async ({ url }) => {
  const client = new SquareClient({ token: 't', baseUrl: url, environment: url, maxRetries: 0 });
  const locations = await client.locations.list();
  const isValid = await WebhooksHelper.verifySignature({
    requestBody: '{}',
    signatureHeader: 'x',
    signatureKey: 'k',
    notificationUrl: 'https://a.test',
  });
  return [locations.locations?.length, isValid];
};
