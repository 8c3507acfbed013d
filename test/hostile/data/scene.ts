/** A real server, the connectors of the attacks, and what an attack does with them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, createPooledClient, type Reply } from '../../support/client.ts';
import { type BundleText, writeBundle } from '../../support/folders.ts';
import { Prober } from '../../support/prober.ts';
import { launchServer, type Server } from '../../support/server.ts';
import { type Application, startApplication } from './application.ts';
import { type Came, cameOf } from './came.ts';
import { CONNECTOR_CODE } from './connector-code.ts';

export const TOKEN = 'the-scenes-token';
const TIMEOUT_MS = 20_000;
const CPU_MS = 8_000;
const MEMORY_MB = 64;
/** The server is at rest so long after the last run. */
const COMPARTMENT_IDLE_MS = 1_000;
const CONNECTIONS = 64;
/** More than is looked at at once. */
const WARM_CHARS = 500_000;
/** A server that does not say within this that it is well has ended, or might as well have. */
const ALIVE_MS = 10_000;
/** A flood may be ended by the limits of its run. */
const ENDS_A_RUN: readonly unknown[] = ['cpu_limit_exceeded', 'run_timeout'];

export interface SceneOptions {
  /** How long a flood goes on. */
  readonly floodMs: number;
}

interface Launched {
  readonly server: Server;
  readonly prober: Prober;
  readonly pooled: ReturnType<typeof createPooledClient>;
}

/** Of a document that is there before an attack. */
export interface Filling {
  readonly flows: number;
  /** Of each flow, roughly; in objects of 80 bytes, so that it costs what such data costs. */
  readonly kilobytes: number;
}

const FILL = `
const rows = Array.from({ length: Math.ceil(size.kilobytes * 12.5) }, (_, n) => ({ text: 'x'.repeat(60), n }));
const came = [];
const atOnce = size.kilobytes > 100 ? 1 : 20;
for (let i = 0; i < size.flows; i += atOnce) {
  came.push(...await Promise.all(Array.from({ length: Math.min(atOnce, size.flows - i) }, (_, n) =>
    api('POST', '/flows', { name: 'flow ' + (i + n), rows }))));
}
return came;`;

export class Scene {
  readonly floodMs: number;
  readonly #folder: string;
  readonly #application: Application;
  #launched: Launched;
  /** What an attack has made, to be removed when it is over. */
  readonly #integrations = new Set<string>();
  readonly #uploads = new Set<string>();

  private constructor(folder: string, application: Application, launched: Launched, options: SceneOptions) {
    this.#folder = folder;
    this.#application = application;
    this.#launched = launched;
    this.floodMs = options.floodMs;
  }

  static async open(options: SceneOptions): Promise<Scene> {
    const folder = await mkdtemp(join(tmpdir(), 'bulkhead-data-'));
    const application = await startApplication();
    const limits = { timeoutMs: TIMEOUT_MS, cpuMs: CPU_MS, memoryMb: MEMORY_MB };
    const connector = { limits, permissions: { fetch: [application.url] } };
    const bundles: Record<string, BundleText> = {
      data: { code: CONNECTOR_CODE, connector },
      stepwise: { code: CONNECTOR_CODE, connector: { ...connector, transactional: false } },
      removal: { code: CONNECTOR_CODE, connector: { ...connector, preUninstallFunction: 'answer' } },
      neighbour: { code: "exports.settings = { next: () => 'served' };" },
    };
    for (const [name, bundle] of Object.entries(bundles)) await writeBundle(join(folder, 'connectors'), name, bundle);
    return new Scene(folder, application, await launch(folder), options);
  }

  get server(): Server {
    return this.#launched.server;
  }

  get prober(): Prober {
    return this.#launched.prober;
  }

  /** The administrator, over as many connections as it takes. */
  get client(): Client {
    return this.#launched.pooled.client;
  }

  get applicationUrl(): string {
    return this.#application.url;
  }

  get connectorsFolder(): string {
    return join(this.#folder, 'connectors');
  }

  /** A new integration of the connector of this name. */
  async install(name: string): Promise<string> {
    const { body: connectors } = await this.client('GET', '/connectors');
    const found = connectors.find((each: { name: string }) => each.name === name);
    const reply = await this.client('POST', `/integrations/${found?._id}/install`, {});
    if (reply.status !== 200) throw new Error(`${name} was not installed: ${reply.status} ${reply.text}`);
    return this.keepTrackOf(reply.body._id);
  }

  /**
   * Makes the server start what it starts with the first large text: the fixed price of that is not the attack's.
   */
  async warmUp(): Promise<void> {
    const settings = { text: 'x'.repeat(WARM_CHARS) };
    const { body } = await this.client('POST', '/integrations', { name: 'large', settings });
    await this.client('DELETE', `/integrations/${body._id}`);
  }

  /** Sends a bundle as an administrator does, packed. It is removed when the attack is over. */
  async upload(tarball: Buffer): Promise<Reply> {
    const reply = await this.client('PUT', '/connectors', tarball, { 'content-type': 'application/gzip' });
    if (reply.status < 300) this.#uploads.add(reply.body._id);
    return reply;
  }

  /** It is removed when the attack is over. */
  keepTrackOf(integrationId: string): string {
    this.#integrations.add(integrationId);
    return integrationId;
  }

  /** Runs a program in a connector, and says what came of its requests. @throws Error if it did not run to its end */
  async inside(integrationId: string, source: string, size: object): Promise<readonly Came[]> {
    const reply = await this.client('PUT', `/integrations/${integrationId}/utilities/run`, { source, size });
    if (reply.status === 200 && Array.isArray(reply.body)) return reply.body;
    const came = cameOf(reply);
    if (ENDS_A_RUN.includes(came.code) || reply.status === 503) return [came];
    throw new Error(`the program did not run: ${reply.status} ${reply.text.slice(0, 500)}`);
  }

  /** Calls a function that answers with what the source text returns. */
  answers(integrationId: string, section: string, source: string, size: object): Promise<Reply> {
    return this.client('PUT', `/integrations/${integrationId}/${section}/answer`, { source, size });
  }

  /** Makes an integration's document as large as it is to be. */
  async fill(integrationId: string, filling: Filling): Promise<string> {
    const came = await this.inside(integrationId, FILL, filling);
    const refused = came.find(({ status }) => status !== 201);
    if (refused) throw new Error(`the document could not be made: ${JSON.stringify(refused)}`);
    return integrationId;
  }

  /** It is the same process as before: nobody would start another one. */
  async isAlive(): Promise<boolean> {
    const isWell = this.client('GET', '/healthz').then(
      ({ status }) => status === 200,
      () => false,
    );
    return Promise.race([isWell, pause(ALIVE_MS, false, { ref: false })]);
  }

  /** Removes what an attack has made; a server that has ended, or does not answer, gives way to a new one. */
  async tidy(isLost: boolean): Promise<void> {
    if (isLost) {
      await this.#end('SIGKILL');
      await rm(join(this.#folder, 'data'), { recursive: true, force: true });
      for (const id of this.#uploads) await rm(join(this.connectorsFolder, `${id}.tgz`), { force: true });
      this.#launched = await launch(this.#folder);
    } else {
      for (const id of this.#integrations) await this.client('DELETE', `/integrations/${id}?force=true`);
      for (const id of this.#uploads) await this.client('DELETE', `/connectors/${id}?force=true`);
    }
    this.#integrations.clear();
    this.#uploads.clear();
  }

  async close(): Promise<void> {
    await this.#end('SIGTERM');
    this.#application.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const { server, prober, pooled } = this.#launched;
    prober.close();
    void pooled.close();
    await server.stop(signal);
  }
}

async function launch(folder: string): Promise<Launched> {
  const server = await launchServer({
    BULKHEAD_TOKEN: TOKEN,
    BULKHEAD_DATA: join(folder, 'data'),
    BULKHEAD_CONNECTORS: join(folder, 'connectors'),
    BULKHEAD_LOG: 'error',
    BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1',
    BULKHEAD_COMPARTMENT_IDLE_MS: String(COMPARTMENT_IDLE_MS),
  });
  const pooled = createPooledClient(server.url, TOKEN, CONNECTIONS);
  // A listing waits until what lies there at the start has been looked at.
  await pooled.client('GET', '/connectors');
  return { server, prober: await Prober.of(server), pooled };
}
