import fetch, { Headers } from 'node-fetch';
export default async ({ url }) => {
  const headers = new Headers({ 'x-a': '1' });
  const posted = await fetch(`${url}/echo`, { method: 'POST', headers, body: JSON.stringify({ a: 1 }) });
  const missing = await fetch(`${url}/status/404`);
  return [posted.status, await posted.json(), missing.ok, await missing.text()];
};
