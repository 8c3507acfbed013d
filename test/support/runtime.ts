/** A runtime in this process, listening on a free port, with its folders. */
import { onTestFinished } from 'vitest';
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
