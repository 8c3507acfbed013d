/** What an installation creates: two connections, an export, an import and the flow between them. */

export const shop = {
  name: 'Shop',
  type: 'http',
  http: { baseURI: 'https://shop.example.com', ping: { relativeURI: '/me' }, auth: { type: 'token' } },
};

export const ledger = {
  name: 'Ledger',
  type: 'http',
  http: { baseURI: 'https://ledger.example.com', ping: { relativeURI: '/me' }, auth: { type: 'token' } },
};

/** Reads the orders that have changed since the last time, page by page. */
export const ordersExport = (_connectionId: string) => ({
  name: 'Changed orders',
  adaptorType: 'HTTPExport',
  type: 'delta',
  _connectionId,
  http: {
    method: 'GET',
    relativeURI: '/orders?changed_since={{lastExportDateTime}}&page={{export.http.paging.page}}',
    response: { resourcePath: 'orders' },
    paging: { method: 'page', page: 1 },
  },
  hooks: { preSavePage: { function: 'dropDrafts' } },
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
      { extract: 'customer', generate: 'customer' },
    ],
  },
  hooks: { preMap: { function: 'addCustomer' }, postSubmit: { function: 'explainRefusals' } },
});

/** Six fields: second, minute, hour, day of the month, month, day of the week. It starts disabled. */
export const ordersFlow = (_exportId: string, _importId: string) => ({
  name: 'Orders to invoices',
  pageGenerators: [{ _exportId }],
  pageProcessors: [{ type: 'import', _importId }],
  schedule: '? 0 8,12,16 ? * *',
  timezone: 'Europe/Oslo',
  disabled: true,
});
