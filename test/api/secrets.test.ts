/** Credentials and tokens must appear in nothing that leaves the runtime or is written to disk. */

import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { installed, serve, TOKEN } from '../support/runtime.ts';

const SECRET = 'pässwörd-"x"-1234567890';
const USER = 'somebody@example.com';

/** Does everything a connector can with an answer that echoes the credentials. */
const CODE = `const { progress } = require('bulkhead');
exports.utilities = {
  async tell({ id, bearerToken, _integrationId }) {
    const call = (uri, method = 'GET') => fetch('/v1/connections/' + id + '/proxy', { method: 'POST', headers: { 'Integrator-Relative-URI': uri, 'Integrator-Method': method } });
    const echo = await call('/echo');
    const told = await echo.text() + JSON.stringify([...echo.headers]);
    console.log('told', told, bearerToken);
    console.error(new Error(told + bearerToken));
    progress(0.5, told.slice(0, 500) + bearerToken);
    await call('/echo?' + encodeURIComponent(told).slice(0, 2000)).then((r) => r.text());
    const put = (path, body) => fetch(path, { method: 'PUT', body: JSON.stringify(body) });
    await put('/v1/integrations/' + _integrationId + '/state/told', told);
    await put('/v1/integrations/' + _integrationId, { description: told.slice(0, 5000), settings: { told } });
    const wrong = await (await put('/v1/connections/' + id, { name: '', http: { auth: { type: 5 } } })).text();
    const ping = await (await fetch('/v1/connections/' + id + '/ping')).text();
    return { told, wrong, ping, shown: await (await fetch('/v1/connections/' + id)).json() };
  },
  async fail({ id, bearerToken }) {
    const response = await fetch('/v1/connections/' + id + '/proxy', { method: 'POST', headers: { 'Integrator-Relative-URI': '/echo' } });
    throw Object.assign(new Error(await response.text() + bearerToken), { code: 'E_' + bearerToken });
  },
  async unreachable({ id }) {
    const response = await fetch('/v1/connections/' + id + '/proxy', { method: 'POST', headers: { 'Integrator-Relative-URI': '/reset' } });
    throw new Error(await response.text());
  },
};`;

test('neither credentials nor tokens appear in a reply, log, run, error, state, backup or on disk', async () => {
  const asked: string[] = [];
  const application = createServer((request, response) => {
    asked.push(String(request.headers.authorization));
    if (request.url?.includes('/reset')) return void request.socket.destroy();
    response.setHeader('x-seen', String(request.headers.authorization));
    const [, pair = ''] = String(request.headers.authorization).split(' ');
    const text = Buffer.from(pair, 'base64').toString();
    response.end(
      JSON.stringify({ headers: request.headers, url: request.url, decoded: text, again: encodeURIComponent(text) }),
    );
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => application.once('listening', resolve));
  onTestFinished(() => void application.close());
  const origin = `http://127.0.0.1:${(application.address() as AddressInfo).port}`;

  let log = '';
  const lines = new Writable({
    write(line, _encoding, done) {
      log += line;
      done();
    },
  });
  const { client, data, runtime } = await serve(
    { teller: { code: CODE, connector: { permissions: { fetch: [origin] } } } },
    { allowPrivateNetwork: '127.0.0.1', logger: pino({ level: 'trace' }, lines) },
  );
  const integration = await installed(client, 'teller');
  const auth = { type: 'basic', basic: { username: USER, password: SECRET } };
  const created = await client('POST', '/connections', {
    name: 'c',
    _integrationId: integration,
    http: { baseURI: origin, auth },
  });
  const id = created.body._id;

  const seen: string[] = [created.text];
  for (const name of ['tell', 'fail', 'unreachable']) {
    const reply = await client('PUT', `/integrations/${integration}/utilities/${name}`, { id });
    seen.push(reply.text, JSON.stringify([...reply.headers]));
  }
  for (const path of [
    '/connections',
    `/integrations/${integration}`,
    `/integrations/${integration}/runs`,
    `/integrations/${integration}/state/told`,
    '/tiles',
    `/connections/${id}/ping`,
    `/connections/${'0'.repeat(24)}`,
  ]) {
    seen.push((await client('GET', path)).text);
  }
  const backup = await fetch(`${runtime.url}/backup`, { headers: { authorization: `Bearer ${TOKEN}` } });
  seen.push(gunzipSync(Buffer.from(await backup.arrayBuffer())).toString());
  await runtime.close();
  for (const name of await readdir(data, { recursive: true })) {
    seen.push(await readFile(join(data, name), 'latin1').catch(() => ''));
  }
  seen.push(log);

  // The controls: the application got them, and what it said of them is there, without them.
  const pair = Buffer.from(`${USER}:${SECRET}`);
  expect(asked).toContain(`Basic ${pair.toString('base64')}`);
  const all = seen.join('\n');
  expect(all.split('******').length).toBeGreaterThan(20);
  expect(log).toContain('told');
  expect(all).toContain('[redacted]');

  const utf8 = (text: string): string => Buffer.from(text).toString('latin1');
  const spellings = [
    SECRET,
    utf8(SECRET),
    JSON.stringify(SECRET).slice(1, -1),
    encodeURIComponent(SECRET),
    pair.toString('base64'),
    USER,
    encodeURIComponent(USER),
  ];
  for (const [index, text] of seen.entries()) {
    for (const spelling of spellings) expect(text.includes(spelling), `${index}: ${spelling}`).toBe(false);
    // A one-time token is the run's id and a random half.
    expect(text, String(index)).not.toMatch(/[0-9a-f]{24}\.[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(text.includes(TOKEN), String(index)).toBe(false);
  }
});
