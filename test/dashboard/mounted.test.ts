/** The dashboard mounted under a path of another server, as with Express, in a real browser. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { serve, TOKEN } from '../support/runtime.ts';

const PREFIX = '/tools/bulkhead';

test('works with and without a trailing slash', { timeout: 120_000 }, async () => {
  const { runtime, client } = await serve();
  await client('POST', '/integrations', { name: 'Under a path' });
  const elsewhere: string[] = [];
  const host = createServer((request: IncomingMessage & { originalUrl?: string }, response) => {
    const { url = '' } = request;
    if (!url.startsWith(PREFIX)) {
      elsewhere.push(url);
      response.writeHead(404).end();
      return;
    }
    request.originalUrl = url;
    request.url = url.slice(PREFIX.length).replace(/^(?!\/)/, '/');
    runtime.callback()(request, response);
  }).listen(0, '127.0.0.1');
  await once(host, 'listening');
  const browser = await launchBrowser();
  onTestFinished(async () => {
    await browser.close();
    host.close();
    host.closeAllConnections();
  });
  const base = `http://127.0.0.1:${(host.address() as AddressInfo).port}${PREFIX}`;
  for (const address of [base, `${base}/`]) {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${address}#token=${TOKEN}`);
    await page.getByText('Under a path').first().waitFor();
    expect(new URL(page.url()).pathname).toBe(`${PREFIX}/`);
  }
  expect(elsewhere).toEqual([]);
});
