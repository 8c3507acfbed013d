/** A real server with the attacks' connectors, and the operations of attacks. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, createPooledClient, type Reply } from '../../support/client.ts';
import { type BundleText, writeBundle } from '../../support/folders.ts';
import { Prober } from '../../support/prober.ts';
import { launchServer, type Server } from '../../support/server.ts';
import { startArguments } from '../../support/start.ts';
import { type Application, startApplication } from './application.ts';
import { CONNECTOR_CODE } from './connector-code.ts';
import { type ReplySummary, summarize } from './reply-summary.ts';

export const TOKEN = 'the-scenes-token';
const TIMEOUT_MS = 20_000;
const CPU_MS = 8_000;
/** More than the default, so that an attack is not ended by its own heap before it has done what it came for. */
const MEMORY_MB = 128;
/** The server is at rest this long after the last run. */
const COMPARTMENT_IDLE_MS = 1_000;
const CONNECTIONS = 64;
/** More than the server handles without its pool. */
const WARM_CHARS = 500_000;
/** A server that does not report its health by then counts as dead. */
const ALIVE_MS = 10_000;
/** Makes the server collect its garbage on SIGUSR2. */
const COLLECTS = `data:text/javascript,process.on('SIGUSR2', () => globalThis.gc())`;
const HELD = ['nodejs_heap_size_used_bytes', 'nodejs_external_memory_bytes'];
/** Limits of a run may end a flood. */
const ENDS_A_RUN: readonly unknown[] = ['cpu_limit_exceeded', 'run_timeout'];

export interface SceneOptions {
  /** Duration of a flood. */
  readonly floodMs: number;
}

interface Launched {
  readonly server: Server;
  readonly prober: Prober;
  readonly pooled: ReturnType<typeof createPooledClient>;
}

/** Size of a document prepared for an attack. */
export interface DocumentSize {
  readonly flows: number;
  /** Approximate size of each flow, in objects of 80 bytes as in real data. */
  readonly kilobytes: number;
}

const FILL = `
const rows = Array.from({ length: Math.ceil(size.kilobytes * 12.5) }, (_, n) => ({ text: 'x'.repeat(60), n }));
const replies = [];
const atOnce = size.kilobytes > 100 ? 1 : 20;
for (let i = 0; i < size.flows; i += atOnce) {
  replies.push(...await Promise.all(Array.from({ length: Math.min(atOnce, size.flows - i) }, (_, n) =>
    api('POST', '/flows', { name: 'flow ' + (i + n), rows }))));
}
return replies;`;

export class Scene {
  readonly floodMs: number;
  readonly #folder: string;
  readonly #application: Application;
  #launched: Launched;
  /** Created by the current attack; removed after it. */
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

  /** The administrator's client, with enough connections. */
  get client(): Client {
    return this.#launched.pooled.client;
  }

  get applicationUrl(): string {
    return this.#application.url;
  }

  get connectorsFolder(): string {
    return join(this.#folder, 'connectors');
  }

  /** Installs the connector with this name. @returns the integration's id */
  async install(name: string): Promise<string> {
    const { body: connectors } = await this.client('GET', '/connectors');
    const found = connectors.find((each: { name: string }) => each.name === name);
    const reply = await this.client('POST', `/integrations/${found?._id}/install`, {});
    if (reply.status !== 200) throw new Error(`${name} was not installed: ${reply.status} ${reply.text}`);
    return this.track(reply.body._id);
  }

  /**
   * Makes the server start what the first large text starts, so that no attack is charged for it.
   */
  async warmUp(): Promise<void> {
    const settings = { text: 'x'.repeat(WARM_CHARS) };
    const { body } = await this.client('POST', '/integrations', { name: 'large', settings });
    await this.client('DELETE', `/integrations/${body._id}`);
  }

  /** Uploads a bundle as the administrator. It is removed after the attack. */
  async upload(tarball: Buffer): Promise<Reply> {
    const reply = await this.client('PUT', '/connectors', tarball, { 'content-type': 'application/gzip' });
    if (reply.status < 300) this.#uploads.add(reply.body._id);
    return reply;
  }

  /** Has the integration removed after the attack. */
  track(integrationId: string): string {
    this.#integrations.add(integrationId);
    return integrationId;
  }

  /** Runs a program in a connector. @returns the replies to its requests. @throws Error if it did not finish */
  async inside(integrationId: string, source: string, size: object): Promise<readonly ReplySummary[]> {
    const reply = await this.client('PUT', `/integrations/${integrationId}/utilities/run`, { source, size });
    if (reply.status === 200 && Array.isArray(reply.body)) return reply.body;
    const replies = summarize(reply);
    if (ENDS_A_RUN.includes(replies.code) || reply.status === 503) return [replies];
    throw new Error(`the program did not run: ${reply.status} ${reply.text.slice(0, 500)}`);
  }

  /** Calls a function that answers with the value of the source text. */
  answers(integrationId: string, section: string, source: string, size: object): Promise<Reply> {
    return this.client('PUT', `/integrations/${integrationId}/${section}/answer`, { source, size });
  }

  /** Fills an integration's document to this size. */
  async fill(integrationId: string, filling: DocumentSize): Promise<string> {
    const replies = await this.inside(integrationId, FILL, filling);
    const refused = replies.find(({ status }) => status !== 201);
    if (refused) throw new Error(`the document could not be made: ${JSON.stringify(refused)}`);
    return integrationId;
  }

  /** What the server holds once its garbage is collected: its heap, and buffers beside it. */
  async heldMb(): Promise<number> {
    process.kill(this.server.pid, 'SIGUSR2');
    const { text } = await this.client('GET', '/metrics');
    const bytes = HELD.map((name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]));
    return bytes.reduce((sum, each) => sum + each) / 1024 / 1024;
  }

  /** Whether the server's process still answers. Nothing restarts it. */
  async isAlive(): Promise<boolean> {
    const isWell = this.client('GET', '/healthz').then(
      ({ status }) => status === 200,
      () => false,
    );
    return Promise.race([isWell, pause(ALIVE_MS, false, { ref: false })]);
  }

  /** Removes what an attack has created. If the server has failed, starts a new one. */
  async cleanUp(hasFailed: boolean): Promise<void> {
    if (hasFailed) {
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
  const environment = {
    BULKHEAD_TOKEN: TOKEN,
    BULKHEAD_DATA: join(folder, 'data'),
    BULKHEAD_CONNECTORS: join(folder, 'connectors'),
    BULKHEAD_LOG: 'error',
    BULKHEAD_ALLOW_PRIVATE_NETWORK: '127.0.0.1',
    BULKHEAD_COMPARTMENT_IDLE_MS: String(COMPARTMENT_IDLE_MS),
    BULKHEAD_RUN_MEMORY_MB: String(MEMORY_MB),
  };
  const server = await launchServer(environment, [], ['--expose-gc', '--import', COLLECTS, ...startArguments]);
  const pooled = createPooledClient(server.url, TOKEN, CONNECTIONS);
  // Waits until the connectors folder has been scanned.
  await pooled.client('GET', '/connectors');
  return { server, prober: await Prober.of(server), pooled };
}
