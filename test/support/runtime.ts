/** A runtime in this process, listening on a free port, with its folders. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { createRuntime, type Runtime, type RuntimeOptions } from '../../src/index.ts';
import { type Client, createClient } from './client.ts';
import { type BundleText, temporaryFolder, writeBundle } from './folders.ts';

export const TOKEN = 'the-tests-token';

export interface Served {
  readonly runtime: Runtime;
  readonly client: Client;
  readonly connectors: string;
  readonly data: string;
}

/** Starts a runtime with these bundles; it is closed when the test ends. */
export async function serve(bundles: Record<string, BundleText> = {}, options: RuntimeOptions = {}): Promise<Served> {
  const connectors = options.connectors ?? (await temporaryFolder());
  const data = options.data ?? (await temporaryFolder());
  for (const [name, bundle] of Object.entries(bundles)) await writeBundle(connectors, name, bundle);
  const runtime = await createRuntime({ token: TOKEN, port: 0, ...options, connectors, data });
  onTestFinished(() => runtime.close({ drainMs: 0 }));
  await runtime.listen();
  await runtime.ready();
  return { runtime, client: createClient(runtime.url, TOKEN), connectors, data };
}

/**
 * The same for all tests of a file, or of a `describe`: what one of them makes is there for the others.
 *
 * @param given asked for when the tests begin
 */
export function serveAll(
  given: () => { readonly bundles?: Record<string, BundleText>; readonly options?: RuntimeOptions } = () => ({}),
): () => Served {
  let served: Served | undefined;
  let folder: string;
  beforeAll(async () => {
    const { bundles = {}, options = {} } = given();
    folder = await mkdtemp(join(tmpdir(), 'bulkhead-test-'));
    const [connectors, data] = [join(folder, 'connectors'), join(folder, 'data')];
    for (const [name, bundle] of Object.entries(bundles)) await writeBundle(connectors, name, bundle);
    const runtime = await createRuntime({ token: TOKEN, port: 0, ...options, connectors, data });
    await runtime.listen();
    await runtime.ready();
    served = { runtime, client: createClient(runtime.url, TOKEN), connectors, data };
  });
  afterAll(async () => {
    await served?.runtime.close({ drainMs: 0 });
    await rm(folder, { recursive: true, force: true });
  });
  return () => served as Served;
}

export async function connectorIdOf(client: Client, name: string): Promise<string> {
  const { body } = await client('GET', '/connectors');
  return body.find((row: { name: string }) => row.name === name)._id;
}

/** Installs a connector by its name and gives the integration's id. */
export async function installed(client: Client, name: string, body: object = {}): Promise<string> {
  const reply = await client('POST', `/integrations/${await connectorIdOf(client, name)}/install`, body);
  if (reply.status !== 200) throw new Error(`install: ${reply.status} ${reply.text}`);
  return reply.body._id;
}
