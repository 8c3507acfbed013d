/** What an installation creates: the export that the shop sends to, an import, and the flow between them. */

export const ledger = {
  name: 'Ledger',
  type: 'http',
  http: { baseURI: 'https://ledger.example.com', ping: { relativeURI: '/me' }, auth: { type: 'token' } },
};

/** Accepts only signed messages: the header `X-Signature` has the hex HMAC-SHA-256 of the body. */
export const ordersWebhook = (token: string, secret: string) => ({
  name: 'Orders from the shop',
  adaptorType: 'WebhookExport',
  type: 'webhook',
  webhook: {
    provider: 'custom',
    verify: 'hmac',
    algorithm: 'sha256',
    encoding: 'hex',
    header: 'x-signature',
    // The server encrypts it, and never shows it again.
    key: secret,
    token,
  },
  hooks: { preSavePage: { function: 'acceptOrders' } },
});

/** Writes an invoice for each order. */
export const ordersImport = (_connectionId: string) => ({
  name: 'Invoices',
  adaptorType: 'HTTPImport',
  _connectionId,
  http: { method: 'POST', relativeURI: '/invoices', response: { resourceIdPath: 'id' } },
  mapping: {
    fields: [
      { extract: 'id', generate: 'orderId' },
      { extract: 'total', generate: 'amount' },
    ],
  },
});

/** Without a schedule: it runs when the shop sends something. */
export const ordersFlow = (_exportId: string, _importId: string) => ({
  name: 'Orders to invoices',
  pageGenerators: [{ _exportId }],
  pageProcessors: [{ type: 'import', _importId }],
});
