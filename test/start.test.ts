/** What a start loads, and what is left when a server is at rest. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';
import { createClient } from './support/client.ts';
import { temporaryFolder, writeBundle } from './support/folders.ts';
import { startServer } from './support/server.ts';
import { childrenOf, tracesOf } from './support/traces.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The libraries, and the parts of Node, that are loaded with the command that starts a server. */
async function loadedBy(file: string): Promise<{ libraries: Record<string, number>; node: string[] }> {
  const script = `
    import { registerHooks } from 'node:module';
    const libraries = {};
    registerHooks({
      load(url, context, next) {
        const [, name] = /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url) ?? [];
        if (name !== undefined) libraries[name] = (libraries[name] ?? 0) + 1;
        return next(url, context);
      },
    });
    await import(${JSON.stringify(file)});
    console.log(JSON.stringify({ libraries, node: process.moduleLoadList }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: root });
  return JSON.parse(stdout);
}

test('a start loads no library that can wait until it is asked for', async () => {
  const { libraries, node } = await loadedBy('./src/cli/start.ts');
  expect(Object.keys(libraries)).toEqual(expect.arrayContaining(['koa', 'pino', '@koa/router']));
  const waiting = ['undici', 'prom-client', '@opentelemetry/api', 'tar', 'light-my-request', 'esbuild', 'jsonc-parser'];
  const never = ['typebox', 'isolated-vm', 'piscina'];
  expect(Object.keys(libraries).filter((name) => [...waiting, ...never].includes(name))).toEqual([]);
  // Node's own `fetch`.
  expect(node.filter((name) => name.includes('deps/undici'))).toEqual([]);
});

test.runIf(existsSync('/proc/self/task'))('at rest there is no process but the runtime, in little memory', async () => {
  const connectors = await temporaryFolder();
  for (const name of ['one', 'two'])
    await writeBundle(connectors, name, { code: 'exports.settings = { f: () => 1 };' });
  const server = await startServer({
    BULKHEAD_TOKEN: 'a-token',
    BULKHEAD_DATA: join(await temporaryFolder(), 'data'),
    BULKHEAD_CONNECTORS: connectors,
    BULKHEAD_COMPARTMENT_IDLE_MS: '300',
  });
  const client = createClient(server.url, 'a-token');
  const ready = async (): Promise<void> => expect((await client('GET', '/readyz')).status).toBe(200);
  await vi.waitFor(ready, { timeout: 60_000 });
  await vi.waitFor(async () => expect(await childrenOf(server.pid)).toEqual([]), { timeout: 60_000 });
  const [{ _id }] = (await client('GET', '/connectors')).body;
  // The first start after a change takes 15 MB for what strips the types.
  await vi.waitFor(async () => expect((await tracesOf(server.pid)).residentMb).toBeLessThan(115), { timeout: 20_000 });
  const { status, body } = await client('POST', `/integrations/${_id}/install`);
  expect([status, body.mode]).toEqual([200, 'settings']);
  expect((await client('PUT', `/integrations/${body._id}/settings/f`, {})).body).toBe(1);
});
