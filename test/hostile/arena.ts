/**
 * A real server with connectors that contain all hostile programs, and a neighbour. Measures each program's impact on
 * the neighbour, the server and the connector itself.
 */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient, createPooledClient, type Reply } from '../support/client.ts';
import { writeBundle } from '../support/folders.ts';
import { launchServer, type Server } from '../support/server.ts';
import { type Traces, tracesOf } from '../support/traces.ts';
import { type Program, programs } from './programs.ts';

const TOKEN = 'the-arenas-token';
/** Limits for programs that should reach them. */
export const TIMEOUT_MS = 2_000;
export const CPU_MS = 250;
/** Limits for the others, which take a while on a busy machine. */
const LENIENT_TIMEOUT_MS = 20_000;
const LENIENT_CPU_MS = 10_000;
const MEMORY_MB = 32;
/** The server comes to rest this long after the last program. */
const COMPARTMENT_IDLE_MS = 5_000;
/** The neighbour's limit. */
const OPERATORS_TIMEOUT_MS = 60_000;
/** The neighbour's concurrent runs, each of which waits. */
const NEIGHBOURS = 50;
const NEIGHBOUR_WAITS_MS = 1_000;
const HEALTH_CHECK_EVERY_MS = 50;
/** Connections for everything else. */
const MORE_CLIENTS = 10;
const REPEATS = 3;

/** What others noticed of a program. */
export interface Impact {
  /** The neighbour's calls, those that did not succeed, and the slowest one over its waiting time. */
  neighbours: number;
  readonly lost: string[];
  neighbourLateMs: number;
  /** Failed health checks, and the slowest one. */
  unhealthy: number;
  slowestHealthMs: number;
}

/** A period in which impact is recorded. */
interface Observation {
  readonly impact: Impact;
  endedAt: number;
}

/** The result of a program, and its impact. */
export interface ProgramResult extends Impact {
  /** The caller's reply. */
  readonly reply: Reply;
  readonly replyMs: number;
  /** Delay after the limit that ended it; 0 if no limit had to. */
  readonly lateMs: number;
  /** The connector's next call, for another integration: a program may well harm its own. */
  readonly next: Reply;
  readonly nextMs: number;
}

/** Two connectors with the same code and different limits. `other` is an integration that runs no hostile program. */
interface Hostile {
  readonly strict: { readonly id: string; readonly other: string };
  readonly lenient: { readonly id: string; readonly other: string };
}

const TIME_LIMITS: readonly unknown[] = ['cpu_limit_exceeded', 'run_timeout'];

function expectsTimeLimit({ expected }: Program): boolean {
  return 'code' in expected && [expected.code].flat().some((code) => TIME_LIMITS.includes(code));
}

/** The limit that belongs to a fault. */
const limitMs: Record<string, number> = { cpu_limit_exceeded: CPU_MS, run_timeout: TIMEOUT_MS };

export class Arena {
  readonly #folder: string;
  readonly #server: Server;
  readonly #client: Client;
  /** Has its own connection: waiting for one of the pool would say nothing about the server. */
  readonly #watcher: Client;
  readonly #closeClient: () => Promise<void>;
  readonly #hostile: readonly Hostile[];
  readonly #neighbour: string;
  readonly #observations = new Set<Observation>();
  /** The neighbour's calls and health checks in progress. */
  readonly #openCalls = new Set<{ readonly startedAt: number }>();
  /** Resolved when one of them ends. */
  #onEnded = Promise.withResolvers<void>();
  /** How many need the neighbour's clients, which stop when nobody does. */
  #users = 0;
  #neighbours = new AbortController();

  private constructor(
    folder: string,
    server: Server,
    { client, close }: ReturnType<typeof createPooledClient>,
    hostile: Hostile[],
    neighbour: string,
  ) {
    this.#folder = folder;
    this.#server = server;
    this.#client = client;
    this.#watcher = createClient(server.url, TOKEN);
    this.#closeClient = close;
    this.#hostile = hostile;
    this.#neighbour = neighbour;
  }

  /** @param copies identical hostile connectors, for concurrent runs */
  static async open(copies = 1): Promise<Arena> {
    const folder = await mkdtemp(join(tmpdir(), 'bulkhead-hostile-'));
    const connectors = join(folder, 'connectors');
    const members = programs.map(({ program, control }, i) => `p${i}: ${program},\nc${i}: ${control},`);
    const code = `exports.settings = { next: () => 'served',\n${members.join('\n')}\n};`;
    const strict = { limits: { timeoutMs: TIMEOUT_MS, cpuMs: CPU_MS, memoryMb: MEMORY_MB } };
    const lenient = { limits: { timeoutMs: LENIENT_TIMEOUT_MS, cpuMs: LENIENT_CPU_MS, memoryMb: MEMORY_MB } };
    for (let copy = 0; copy < copies; copy++) {
      await writeBundle(connectors, `strict-${copy}`, { code, connector: strict });
      await writeBundle(connectors, `lenient-${copy}`, { code, connector: lenient });
    }
    await writeBundle(connectors, 'neighbour', {
      code: "exports.settings = { wait: ({ ms }) => new Promise((resolve) => setTimeout(resolve, ms, 'waited')) };",
    });
    await mkdir(join(folder, 'tmp'));
    const server = await launchServer({
      BULKHEAD_TOKEN: TOKEN,
      BULKHEAD_DATA: join(folder, 'data'),
      BULKHEAD_CONNECTORS: connectors,
      BULKHEAD_LOG: 'error',
      BULKHEAD_RUN_TIMEOUT_MS: String(OPERATORS_TIMEOUT_MS),
      BULKHEAD_CRASHES_PER_MINUTE: '10000',
      BULKHEAD_COMPARTMENT_IDLE_MS: String(COMPARTMENT_IDLE_MS),
      TMPDIR: join(folder, 'tmp'),
    });
    const pooled = createPooledClient(server.url, TOKEN, NEIGHBOURS + MORE_CLIENTS);
    const { client } = pooled;
    const rows: { _id: string; name: string; status: string }[] = (await client('GET', '/connectors')).body;
    const refused = rows.filter(({ status }) => status !== 'ready');
    if (refused.length > 0) throw new Error(JSON.stringify(refused));
    const idOf = (name: string): string => rows.find((row) => row.name === name)?._id as string;
    const neighbour = await install(client, idOf('neighbour'));
    const hostile: Hostile[] = [];
    for (let copy = 0; copy < copies; copy++) {
      for (const kind of ['strict', 'lenient'] as const) {
        const id = idOf(`${kind}-${copy}`);
        hostile[copy] = { ...hostile[copy], [kind]: { id, other: await install(client, id) } } as Hostile;
      }
    }
    const arena = new Arena(folder, server, pooled, hostile, neighbour);
    // Warm up.
    await arena.amongNeighbours(async () => {
      for (const { strict, lenient } of hostile) {
        await arena.call(strict.other, 'next');
        await arena.call(lenient.other, 'next');
      }
    });
    return arena;
  }

  /** @returns an integration of the connector with the strict limits */
  installStrict(copy: number): Promise<string> {
    return install(this.#client, (this.#hostile[copy] as Hostile).strict.id);
  }

  #connectorFor(program: Program, copy: number): Hostile['strict'] {
    return (this.#hostile[copy] as Hostile)[expectsTimeLimit(program) ? 'strict' : 'lenient'];
  }

  call(integrationId: string, name: string, body: object = {}): Promise<Reply> {
    return this.#client('PUT', `/integrations/${integrationId}/settings/${encodeURIComponent(name)}`, body);
  }

  /**
   * Runs programs on all copies concurrently, each program once, in order.
   *
   * @returns the results of a program and of its harmless twin
   */
  runSideBySide(all: readonly Program[]): (program: Program) => Promise<ProgramResult & { readonly control: Reply }> {
    const results = new Map(
      all.map((program) => [program, Promise.withResolvers<ProgramResult & { readonly control: Reply }>()] as const),
    );
    // Whoever awaits the promise gets its rejection.
    for (const { promise } of results.values()) promise.catch(() => {});
    const left = all.values();
    const lane = async (copy: number): Promise<void> => {
      for (const program of left) {
        const { resolve, reject } = results.get(program) as PromiseWithResolvers<
          ProgramResult & { readonly control: Reply }
        >;
        try {
          const control = await this.#control(program, copy);
          const { result, impact } = await this.#runObserved(program, copy);
          // The impact is known a little later. The next program need not wait for it.
          impact.then((others) => resolve({ ...result, control, ...others }), reject);
        } catch (error) {
          reject(error);
        }
      }
    };
    const leave = this.#joinNeighbours();
    void Promise.all(this.#hostile.map((_, copy) => lane(copy))).finally(leave);
    return (program) =>
      (results.get(program) as PromiseWithResolvers<ProgramResult & { readonly control: Reply }>).promise;
  }

  async #runObserved(
    program: Program,
    copy: number,
  ): Promise<{ result: Omit<ProgramResult, keyof Impact>; impact: Promise<Impact> }> {
    const connector = this.#connectorFor(program, copy);
    const integrationId = await install(this.#client, connector.id);
    const leave = this.#joinNeighbours();
    const observation = this.#startObservation();
    let startedAt = performance.now();
    const reply = await this.#callPatiently(() => {
      startedAt = performance.now();
      return this.call(integrationId, nameOf(program));
    });
    const repliedAt = performance.now();
    const next = await this.#callPatiently(() => this.call(connector.other, 'next'));
    const nextMs = performance.now() - repliedAt;
    const replyMs = repliedAt - startedAt;
    const lateMs = Math.max(0, replyMs - (limitMs[codeOf(reply) ?? ''] ?? TIMEOUT_MS));
    return { result: { reply, replyMs, lateMs, next, nextMs }, impact: this.#finish(observation).finally(leave) };
  }

  /**
   * Side by side on a busy machine, a program may get its thread too late to be judged, or its process may be ended for
   * what the one before it left behind. The server then asks for a repetition, and is taken at its word.
   */
  async #callPatiently(call: () => Promise<Reply>): Promise<Reply> {
    for (let repeats = this.#hostile.length > 1 ? REPEATS : 0; ; repeats--) {
      const reply = await call();
      if (reply.status !== 503 || repeats === 0) return reply;
    }
  }

  /** Runs the program's harmless twin. */
  async #control(program: Program, copy: number): Promise<Reply> {
    // It must reach no limit, not even on a busy machine.
    const integrationId = await install(this.#client, (this.#hostile[copy] as Hostile).lenient.id);
    return this.call(integrationId, `c${programs.indexOf(program)}`);
  }

  /** Measures the impact of `work`. */
  async amongNeighbours<T>(work: () => Promise<T>): Promise<T & Impact> {
    const leave = this.#joinNeighbours();
    const observation = this.#startObservation();
    try {
      const result = await work();
      return { ...result, ...(await this.#finish(observation)) };
    } finally {
      leave();
    }
  }

  /** Starts the neighbour's clients and the health checks, if they are not running. @returns leaves; the last one stops them */
  #joinNeighbours(): () => void {
    if (this.#users++ === 0) {
      this.#neighbours = new AbortController();
      const { signal } = this.#neighbours;
      for (let i = 0; i < NEIGHBOURS; i++) void this.#repeat(signal, () => this.#callNeighbour());
      void this.#repeat(signal, () => this.#checkHealth());
    }
    return () => {
      if (--this.#users === 0) this.#neighbours.abort();
    };
  }

  async #repeat(signal: AbortSignal, ask: () => Promise<(impact: Impact) => void>): Promise<void> {
    while (!signal.aborted) {
      const startedAt = performance.now();
      const call = { startedAt };
      this.#openCalls.add(call);
      const record = await ask();
      this.#openCalls.delete(call);
      for (const { impact, endedAt } of this.#observations) if (startedAt < endedAt) record(impact);
      this.#onEnded.resolve();
      this.#onEnded = Promise.withResolvers();
    }
  }

  #startObservation(): Observation {
    const impact: Impact = { neighbours: 0, lost: [], neighbourLateMs: 0, unhealthy: 0, slowestHealthMs: 0 };
    const observation: Observation = { impact, endedAt: Number.POSITIVE_INFINITY };
    this.#observations.add(observation);
    return observation;
  }

  /** Ends an observation. Settles when all calls in progress have ended. */
  async #finish(observation: Observation): Promise<Impact> {
    const endedAt = performance.now();
    observation.endedAt = endedAt;
    while ([...this.#openCalls].some(({ startedAt }) => startedAt < endedAt)) await this.#onEnded.promise;
    this.#observations.delete(observation);
    return observation.impact;
  }

  async #callNeighbour(): Promise<(impact: Impact) => void> {
    const startedAt = performance.now();
    const reply = await this.call(this.#neighbour, 'wait', { ms: NEIGHBOUR_WAITS_MS }).catch(String);
    const lateMs = performance.now() - startedAt - NEIGHBOUR_WAITS_MS;
    return (impact) => {
      impact.neighbours++;
      impact.neighbourLateMs = Math.max(impact.neighbourLateMs, lateMs);
      if (typeof reply === 'string') impact.lost.push(reply);
      else if (reply.body !== 'waited') impact.lost.push(`${reply.status} ${reply.text}`);
    };
  }

  async #checkHealth(): Promise<(impact: Impact) => void> {
    const startedAt = performance.now();
    const reply = await this.#watcher('GET', '/healthz').catch(String);
    const tookMs = performance.now() - startedAt;
    await new Promise((resolve) => setTimeout(resolve, HEALTH_CHECK_EVERY_MS));
    return (impact) => {
      impact.slowestHealthMs = Math.max(impact.slowestHealthMs, tookMs);
      if (typeof reply === 'string' || reply.status !== 200) impact.unhealthy++;
    };
  }

  traces(): Promise<Traces> {
    return tracesOf(this.#server.pid);
  }

  /** Temporary files left behind. */
  async strayFiles(): Promise<string[]> {
    return readdir(join(this.#folder, 'tmp'));
  }

  async close(): Promise<void> {
    await this.#closeClient();
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

/**
 * Whether a reply is the expected one.
 *
 * @param isCrowded many processes share each core, so that a run's wall time may end before its CPU time
 */
export function isExpected({ expected }: Program, reply: Reply, isCrowded = false): boolean {
  if ('answer' in expected)
    return reply.status === 200 && JSON.stringify(reply.body) === JSON.stringify(expected.answer);
  const code = codeOf(reply);
  const codes = [expected.code].flat();
  if (code === 'run_timeout' && isCrowded && codes.includes('cpu_limit_exceeded')) return true;
  return code !== undefined && codes.includes(code);
}
