/**
 * A real server with one connector that has all hostile programs, and a neighbour. Around each program
 * it is watched what the neighbour, the server and the connector itself feel of it.
 */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient, type Reply } from '../support/client.ts';
import { writeBundle } from '../support/folders.ts';
import { launchServer, type Server } from '../support/server.ts';
import { type Traces, tracesOf } from '../support/traces.ts';
import { type Program, programs } from './programs.ts';

const TOKEN = 'the-arenas-token';
export const TIMEOUT_MS = 2_000;
export const CPU_MS = 500;
const MEMORY_MB = 32;
/** Runs of the neighbour that wait at any moment. */
const NEIGHBOURS = 50;
const NEIGHBOUR_WAITS_MS = 300;
const LOOK_EVERY_MS = 50;

/** What others noticed meanwhile. */
export interface Felt {
  /** The neighbour's calls, those that did not succeed, and the slowest one over its waiting time. */
  neighbours: number;
  readonly lost: string[];
  neighbourLateMs: number;
  /** How often the server did not say that it is well, and its slowest answer. */
  unwell: number;
  slowestHealthMs: number;
}

/** What came of a program, and who felt it. */
export interface Observed extends Felt {
  /** The caller's reply. */
  readonly reply: Reply;
  readonly replyMs: number;
  /** How much later than the limit that ended it; 0 for what no limit had to end. */
  readonly lateMs: number;
  /** The same connector's next call, for another of its integrations: what a program does to its own is its own. */
  readonly next: Reply;
  readonly nextMs: number;
}

/** The limit that a fault is measured by. */
const limitMs: Record<string, number> = { cpu_limit_exceeded: CPU_MS, run_timeout: TIMEOUT_MS };

export class Arena {
  readonly #folder: string;
  readonly #server: Server;
  readonly #client: Client;
  readonly #connectors: readonly string[];
  readonly #neighbour: string;
  /** An integration of the first hostile connector. */
  readonly #other: string;

  private constructor(
    folder: string,
    server: Server,
    client: Client,
    connectors: string[],
    neighbour: string,
    other: string,
  ) {
    this.#folder = folder;
    this.#server = server;
    this.#client = client;
    this.#connectors = connectors;
    this.#neighbour = neighbour;
    this.#other = other;
  }

  /** @param copies hostile connectors that are all the same, for runs side by side */
  static async open(copies = 1): Promise<Arena> {
    const folder = await mkdtemp(join(tmpdir(), 'bulkhead-hostile-'));
    const connectors = join(folder, 'connectors');
    const members = programs.map(({ program, control }, i) => `p${i}: ${program},\nc${i}: ${control},`);
    const code = `exports.settings = { next: () => 'served',\n${members.join('\n')}\n};`;
    for (let copy = 0; copy < copies; copy++) await writeBundle(connectors, `hostile-${copy}`, { code });
    await writeBundle(connectors, 'neighbour', {
      code: "exports.settings = { wait: ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms, 'waited')) };",
    });
    await mkdir(join(folder, 'tmp'));
    const server = await launchServer({
      BULKHEAD_TOKEN: TOKEN,
      BULKHEAD_DATA: join(folder, 'data'),
      BULKHEAD_CONNECTORS: connectors,
      BULKHEAD_LOG: 'error',
      BULKHEAD_RUN_TIMEOUT_MS: String(TIMEOUT_MS),
      BULKHEAD_RUN_CPU_MS: String(CPU_MS),
      BULKHEAD_RUN_MEMORY_MB: String(MEMORY_MB),
      BULKHEAD_CRASHES_PER_MINUTE: '10000',
      TMPDIR: join(folder, 'tmp'),
    });
    const client = createClient(server.url, TOKEN);
    const rows: { _id: string; name: string; status: string }[] = (await client('GET', '/connectors')).body;
    const refused = rows.filter(({ status }) => status !== 'ready');
    if (refused.length > 0) throw new Error(JSON.stringify(refused));
    const idOf = (name: string): string => rows.find((row) => row.name === name)?._id as string;
    const neighbour = await install(client, idOf('neighbour'));
    const hostile = Array.from({ length: copies }, (_, copy) => idOf(`hostile-${copy}`));
    const other = await install(client, hostile[0] as string);
    const arena = new Arena(folder, server, client, hostile, neighbour, other);
    await arena.amongNeighbours(async () => arena.call(await arena.install(), 'next'));
    return arena;
  }

  install(copy = 0): Promise<string> {
    return install(this.#client, this.#connectors[copy] as string);
  }

  call(integrationId: string, name: string, body: object = {}): Promise<Reply> {
    return this.#client('PUT', `/integrations/${integrationId}/settings/${encodeURIComponent(name)}`, body);
  }

  /** Runs one program while the neighbour works, and looks at everybody. */
  async run(program: Program): Promise<Observed> {
    const integrationId = await this.install();
    return this.amongNeighbours(async () => {
      const startedAt = performance.now();
      const reply = await this.call(integrationId, nameOf(program));
      const repliedAt = performance.now();
      const next = await this.call(this.#other, 'next');
      const nextMs = performance.now() - repliedAt;
      const replyMs = repliedAt - startedAt;
      const lateMs = Math.max(0, replyMs - (limitMs[codeOf(reply) ?? ''] ?? TIMEOUT_MS));
      return { reply, replyMs, lateMs, next, nextMs };
    });
  }

  /** The program's harmless twin. */
  async control(program: Program): Promise<Reply> {
    return this.call(await this.install(), `c${programs.indexOf(program)}`);
  }

  /** Does something while the neighbour's runs wait and the server's health is asked for. */
  async amongNeighbours<T>(work: () => Promise<T>): Promise<T & Felt> {
    const felt: Felt = { neighbours: 0, lost: [], neighbourLateMs: 0, unwell: 0, slowestHealthMs: 0 };
    let isOver = false;
    const keepOn = async (look: () => Promise<void>): Promise<void> => {
      while (!isOver) await look();
    };
    const looking = [
      ...Array.from({ length: NEIGHBOURS }, () => keepOn(() => this.#neighbourWaits(felt))),
      keepOn(() => this.#isWell(felt)),
    ];
    let result: T;
    try {
      result = await work();
    } finally {
      isOver = true;
      await Promise.all(looking);
    }
    return { ...result, ...felt };
  }

  async #neighbourWaits(felt: Felt): Promise<void> {
    const startedAt = performance.now();
    const reply = await this.call(this.#neighbour, 'wait', { ms: NEIGHBOUR_WAITS_MS }).catch(String);
    felt.neighbours++;
    felt.neighbourLateMs = Math.max(felt.neighbourLateMs, performance.now() - startedAt - NEIGHBOUR_WAITS_MS);
    if (typeof reply === 'string') felt.lost.push(reply);
    else if (reply.body !== 'waited') felt.lost.push(`${reply.status} ${reply.text}`);
  }

  async #isWell(felt: Felt): Promise<void> {
    const startedAt = performance.now();
    const reply = await this.#client('GET', '/healthz').catch(String);
    felt.slowestHealthMs = Math.max(felt.slowestHealthMs, performance.now() - startedAt);
    if (typeof reply === 'string' || reply.status !== 200) felt.unwell++;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }

  traces(): Promise<Traces> {
    return tracesOf(this.#server.pid);
  }

  /** Files that nobody asked for. */
  async strayFiles(): Promise<string[]> {
    return readdir(join(this.#folder, 'tmp'));
  }

  async close(): Promise<void> {
    await this.#server.stop('SIGTERM');
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function install(client: Client, connectorId: string): Promise<string> {
  const reply = await client('POST', `/integrations/${connectorId}/install`, {});
  if (reply.status !== 200) throw new Error(`install: ${reply.status} ${reply.text}`);
  return reply.body._id;
}

export const nameOf = (program: Program): string => program.call ?? `p${programs.indexOf(program)}`;

/** The first error's code, if the reply is one. */
export function codeOf({ status, body }: Reply): string | undefined {
  return status >= 400 ? body?.errors?.[0]?.code : undefined;
}

/** Whether a reply is what the row says. */
export function isExpected({ expected }: Program, reply: Reply): boolean {
  if ('answer' in expected)
    return reply.status === 200 && JSON.stringify(reply.body) === JSON.stringify(expected.answer);
  const code = codeOf(reply);
  return code !== undefined && [expected.code].flat().includes(code);
}
