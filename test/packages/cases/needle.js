import needle from 'needle';
export default async ({ url }) => {
  const got = await needle('get', `${url}/echo?a=1`, { headers: { 'x-a': '1' } });
  const posted = await needle('post', `${url}/echo`, { a: 'b' }, { json: true, username: 'u', password: 'p' });
  return [got.statusCode, got.body, posted.body];
};
