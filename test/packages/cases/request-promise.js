import rp from 'request-promise';
export default async ({ url }) => [
  await rp({ uri: `${url}/echo`, json: true, qs: { a: 1 } }),
  await rp({ uri: `${url}/echo`, method: 'POST', body: { a: 1 }, json: true, resolveWithFullResponse: true }).then(
    ({ statusCode, body }) => [statusCode, body],
  ),
  await rp(`${url}/status/500`).catch((error) => [error.name, error.statusCode]),
];
