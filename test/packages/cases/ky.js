import ky from 'ky';
export default async ({ url }) => {
  const client = ky.create({ retry: 0, headers: { 'x-a': '1' } });
  const echo = await client.post(`${url}/echo`, { json: { a: 1 }, searchParams: { b: 'c' } }).json();
  const failed = await client
    .get(`${url}/status/500`)
    .json()
    .catch((error) => [error.name, error.response.status]);
  return [echo, failed];
};
