import Stripe from 'stripe';
export default async ({ url }) => {
  const { hostname, port } = new URL(url);
  const stripe = new Stripe('sk_test_1', {
    host: hostname,
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
  });
  const customer = await stripe.customers.create({ email: 'a@b.c', metadata: { a: '1' } });
  const list = await stripe.charges.list({ limit: 2 });
  const failed = await stripe.customers.retrieve('missing').catch((error) => [error.type, error.statusCode]);
  const header = await stripe.webhooks.generateTestHeaderStringAsync({ payload: '{}', secret: 's', timestamp: 1 });
  return [customer.id, list.data.length, failed, header];
};
