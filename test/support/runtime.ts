/** A runtime in this process, listening on a free port, with its folders. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, vi } from 'vitest';
import { createRuntime, type Runtime, type RuntimeOptions } from '../../src/index.ts';
import { type Client, createClient } from './client.ts';
import { engineOptions } from './engine.ts';
import { type BundleText, temporaryFolder, writeBundle } from './folders.ts';

export const TOKEN = 'the-tests-token';

export interface Served {
  readonly runtime: Runtime;
  readonly client: Client;
  readonly connectors: string;
  readonly data: string;
}

type Bundles = Record<string, BundleText>;

async function start(
  bundles: Bundles,
  options: RuntimeOptions & { readonly connectors: string; readonly data: string },
): Promise<Served> {
  const { connectors, data } = options;
  for (const [name, bundle] of Object.entries(bundles)) await writeBundle(connectors, name, bundle);
  const runtime = await createRuntime({ token: TOKEN, port: 0, ...(await engineOptions(data)), ...options });
  try {
    await runtime.listen();
    await runtime.ready();
  } catch (error) {
    await runtime.close({ drainMs: 0 });
    throw error;
  }
  return { runtime, client: createClient(runtime.url, TOKEN), connectors, data };
}

/** Starts a runtime with these bundles. It is closed when the test ends. */
export async function serve(bundles: Bundles = {}, options: RuntimeOptions = {}): Promise<Served> {
  const connectors = options.connectors ?? (await temporaryFolder());
  const data = options.data ?? (await temporaryFolder());
  const served = await start(bundles, { ...options, connectors, data });
  onTestFinished(() => served.runtime.close({ drainMs: 0 }));
  return served;
}

export interface Shared {
  (): Served;
  /** Adds bundles, and waits until they are loaded. They are removed when the test ends. */
  serve(bundles: Bundles): Promise<Served>;
}

const within = { timeout: 60_000, interval: 10 };

/**
 * Starts one runtime for all tests of a file or a group, because starting a process for each connector takes longer
 * than most tests. A test's integrations are removed when it ends.
 *
 * @param bundles called when the tests begin, if it is a function
 */
export function serveForAll(bundles: Bundles | (() => Bundles) = {}, options: RuntimeOptions = {}): Shared {
  let served: Served | undefined;
  let folder: string;
  const present = (): Served => {
    if (!served) throw new Error('the runtime is started before the first test');
    return served;
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bulkhead-test-'));
    const folders = { connectors: join(folder, 'connectors'), data: join(folder, 'data') };
    served = await start(typeof bundles === 'function' ? bundles() : bundles, { ...options, ...folders });
  });
  afterEach(async () => {
    const { client } = present();
    const { body } = await client('GET', '/integrations');
    for (const { _id, _connectorId } of body) {
      const reply = await (_connectorId === undefined
        ? client('DELETE', `/integrations/${_id}?cascade=true`)
        : client('DELETE', `/integrations/${_id}/install?force=true`));
      if (reply.status >= 300) throw new Error(`${_id} stays: ${reply.text}`);
    }
  });
  afterAll(async () => {
    await served?.runtime.close({ drainMs: 0 });
    await rm(folder, { recursive: true, force: true });
  });
  const rows = async (): Promise<{ name: string; status: string }[]> =>
    (await present().client('GET', '/connectors')).body;
  const serve = async (added: Bundles): Promise<Served> => {
    const { connectors } = present();
    const names = Object.keys(added);
    onTestFinished(async () => {
      for (const name of names) await rm(join(connectors, name), { recursive: true, force: true });
      await vi.waitFor(async () => {
        for (const { name } of await rows()) expect(names).not.toContain(name);
      }, within);
    });
    for (const [name, bundle] of Object.entries(added)) await writeBundle(connectors, name, bundle);
    await vi.waitFor(async () => {
      const ready = (await rows()).filter(({ status }) => status === 'ready').map(({ name }) => name);
      expect(ready).toEqual(expect.arrayContaining(names));
    }, within);
    return present();
  };
  return Object.assign(present, { serve });
}

export async function connectorIdOf(client: Client, name: string): Promise<string> {
  const { body } = await client('GET', '/connectors');
  return body.find((row: { name: string }) => row.name === name)._id;
}

/** Installs a connector by its name. @returns the integration's id */
export async function installed(client: Client, name: string, body: object = {}): Promise<string> {
  const reply = await client('POST', `/integrations/${await connectorIdOf(client, name)}/install`, body);
  if (reply.status !== 200) throw new Error(`install: ${reply.status} ${reply.text}`);
  return reply.body._id;
}
