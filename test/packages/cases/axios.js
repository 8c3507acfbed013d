import axios from 'axios';
export default async ({ url }) => {
  const client = axios.create({ baseURL: url, headers: { 'x-a': '1' }, auth: { username: 'u', password: 'p' } });
  const got = await client.get('/echo', { params: { q: 'ä b' } });
  const posted = await client.post('/echo', { a: 1 });
  const failed = await client.get('/status/404').catch((error) => [error.code, error.response.status]);
  return [got.data, posted.data, failed];
};
