import request from 'request';

const call = (options) =>
  new Promise((resolve) =>
    request(options, (error, response, body) =>
      resolve([error ? error.code : null, response ? response.statusCode : null, body]),
    ),
  );
export default async ({ url, closed }) => [
  await call({ url: `${url}/echo`, qs: { a: 'ä' }, json: true, headers: { 'x-a': '1' } }),
  await call({ url: `${url}/echo`, method: 'POST', json: { a: [1] }, auth: { user: 'u', pass: 'p' } }),
  await call({ url: `${url}/echo`, method: 'POST', form: { a: 'b c' } }),
  await call({
    url: `${url}/echo`,
    method: 'PUT',
    body: 'text',
    headers: { 'content-type': 'text/plain' },
    auth: { bearer: 't' },
  }),
  await call({ url: `${url}/redirect`, json: true }),
  await call({ url: `${url}/gzip`, gzip: true, json: true }),
  await call({ url: `${url}/status/404` }),
  await call({ url: `${url}/slow`, timeout: 50 }),
  await call({ url: closed }),
  await call({
    url: `${url}/echo`,
    method: 'POST',
    formData: {
      field: 'value',
      file: { value: Buffer.from('xyz'), options: { filename: 'f.txt', contentType: 'text/plain' } },
    },
    headers: { 'x-b': '2' },
  }),
  await call({ url: `${url}/echo`, oauth: { consumer_key: 'k', consumer_secret: 's', timestamp: '1', nonce: 'n' } }),
];
