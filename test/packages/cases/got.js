import got from 'got';
export default async ({ url }) => {
  const client = got.extend({ prefixUrl: url, retry: { limit: 0 }, headers: { 'x-a': '1', 'user-agent': 'me' } });
  const echo = await client('echo', { searchParams: { a: 'ä' } }).json();
  const posted = await client.post('echo', { json: { b: [1] } }).json();
  const form = await client.post('echo', { form: { c: 'd e' } }).json();
  const packed = await client('gzip').json();
  const redirected = await client('redirect').json();
  const failed = await client('status/500').catch((error) => [error.code, error.response.statusCode]);
  return [echo, posted, form, packed, redirected, failed];
};
