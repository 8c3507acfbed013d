import { request } from 'undici';
export default async ({ url }) => {
  const { statusCode, body } = await request(`${url}/echo`, { method: 'POST', body: 'a' });
  return [statusCode, await body.json()];
};
