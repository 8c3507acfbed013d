import http from 'node:http';

const send = (url, options, body) =>
  new Promise((resolve) => {
    const req = http.request(url, options, (res) => {
      let text = '';
      res
        .setEncoding('utf8')
        .on('data', (piece) => {
          text += piece;
        })
        .on('end', () => resolve([res.statusCode, res.statusMessage, res.headers['x-reply'], text]));
    });
    req.on('error', (error) => resolve([error.code]));
    req.on('timeout', () => req.destroy());
    req.end(body);
  });
export default async ({ url, closed }) => [
  await send(`${url}/echo`, { headers: { 'X-A': '1' } }),
  await send(`${url}/echo`, { method: 'POST', headers: { 'content-type': 'text/plain' } }, 'grün'),
  await send(`${url}/redirect`, {}),
  await send(closed, {}),
  await send(`${url}/slow`, { timeout: 50 }),
];
