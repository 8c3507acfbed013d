import fetch from 'cross-fetch';
export default async ({ url }) => {
  const before = typeof globalThis.fetch;
  const reply = await fetch(`${url}/echo`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: '{"a":1}',
  });
  return [before, typeof globalThis.fetch, await reply.json()];
};
