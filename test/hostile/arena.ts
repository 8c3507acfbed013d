/**
 * A real server with one connector that has all hostile programs, and a neighbour. Around each program
 * it is watched what the neighbour, the server and the connector itself feel of it.
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
/** Limits of runs that are to reach them. */
export const TIMEOUT_MS = 2_000;
export const CPU_MS = 250;
/** Of those that are not: on a machine that is busy with much else they take a while. */
const PATIENT_TIMEOUT_MS = 20_000;
const PATIENT_CPU_MS = 10_000;
const MEMORY_MB = 32;
/** The server is at rest so long after the last program. */
const COMPARTMENT_IDLE_MS = 5_000;
/** The neighbour's. */
const OPERATORS_TIMEOUT_MS = 60_000;
/** Runs of the neighbour that wait at any moment. */
const NEIGHBOURS = 50;
const NEIGHBOUR_WAITS_MS = 1_000;
const LOOK_EVERY_MS = 50;
/** Clients beside them. */
const MORE_CLIENTS = 10;

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

/** A time in which somebody looks at what others notice. */
interface Look {
  readonly felt: Felt;
  endedAt: number;
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

/** Two connectors with the same code, each with an integration that runs nothing hostile. */
interface Hostile {
  readonly hasty: { readonly id: string; readonly other: string };
  readonly patient: { readonly id: string; readonly other: string };
}

const TIME_LIMITS: readonly unknown[] = ['cpu_limit_exceeded', 'run_timeout'];

function isToReachALimit({ expected }: Program): boolean {
  return 'code' in expected && [expected.code].flat().some((code) => TIME_LIMITS.includes(code));
}

/** The limit that a fault is measured by. */
const limitMs: Record<string, number> = { cpu_limit_exceeded: CPU_MS, run_timeout: TIMEOUT_MS };

export class Arena {
  readonly #folder: string;
  readonly #server: Server;
  readonly #client: Client;
  /** On connections of its own: what waits for one in the pool says nothing of the server. */
  readonly #watcher: Client;
  readonly #closeClient: () => Promise<void>;
  readonly #hostile: readonly Hostile[];
  readonly #neighbour: string;
  readonly #looks = new Set<Look>();
  /** When the neighbour's calls, and the questions for the server's health, that are open began. */
  readonly #open = new Set<{ readonly startedAt: number }>();
  /** Told when one of them has ended. */
  #onEnded = Promise.withResolvers<void>();
  /** Those who want the neighbour's clients to be there, and what tells these to go. */
  #wanted = 0;
  #crowd = new AbortController();

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

  /** @param copies hostile connectors that are all the same, for runs side by side */
  static async open(copies = 1): Promise<Arena> {
    const folder = await mkdtemp(join(tmpdir(), 'bulkhead-hostile-'));
    const connectors = join(folder, 'connectors');
    const members = programs.map(({ program, control }, i) => `p${i}: ${program},\nc${i}: ${control},`);
    const code = `exports.settings = { next: () => 'served',\n${members.join('\n')}\n};`;
    const hasty = { limits: { timeoutMs: TIMEOUT_MS, cpuMs: CPU_MS, memoryMb: MEMORY_MB } };
    const patient = { limits: { timeoutMs: PATIENT_TIMEOUT_MS, cpuMs: PATIENT_CPU_MS, memoryMb: MEMORY_MB } };
    for (let copy = 0; copy < copies; copy++) {
      await writeBundle(connectors, `hasty-${copy}`, { code, connector: hasty });
      await writeBundle(connectors, `patient-${copy}`, { code, connector: patient });
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
      for (const kind of ['hasty', 'patient'] as const) {
        const id = idOf(`${kind}-${copy}`);
        hostile[copy] = { ...hostile[copy], [kind]: { id, other: await install(client, id) } } as Hostile;
      }
    }
    const arena = new Arena(folder, server, pooled, hostile, neighbour);
    // As warm as it will be.
    await arena.amongNeighbours(async () => {
      for (const { hasty, patient } of hostile) {
        await arena.call(hasty.other, 'next');
        await arena.call(patient.other, 'next');
      }
    });
    return arena;
  }

  /** @returns an integration of the connector whose limits are soon reached */
  installHasty(copy: number): Promise<string> {
    return install(this.#client, (this.#hostile[copy] as Hostile).hasty.id);
  }

  #connectorFor(program: Program, copy: number): Hostile['hasty'] {
    return (this.#hostile[copy] as Hostile)[isToReachALimit(program) ? 'hasty' : 'patient'];
  }

  call(integrationId: string, name: string, body: object = {}): Promise<Reply> {
    return this.#client('PUT', `/integrations/${integrationId}/settings/${encodeURIComponent(name)}`, body);
  }

  /**
   * Runs programs on all copies at the same time, each program once, in their order.
   *
   * @returns what came of a program and of its harmless twin
   */
  runSideBySide(all: readonly Program[]): (program: Program) => Promise<Observed & { readonly control: Reply }> {
    const came = new Map(
      all.map((program) => [program, Promise.withResolvers<Observed & { readonly control: Reply }>()] as const),
    );
    // Who asks is told.
    for (const { promise } of came.values()) promise.catch(() => {});
    const left = all.values();
    const lane = async (copy: number): Promise<void> => {
      for (const program of left) {
        const { resolve, reject } = came.get(program) as PromiseWithResolvers<Observed & { readonly control: Reply }>;
        try {
          const control = await this.#control(program, copy);
          const { observed, felt } = await this.#runAndLook(program, copy);
          // What others felt is known a little later: the next one need not wait for that.
          felt.then((others) => resolve({ ...observed, control, ...others }), reject);
        } catch (error) {
          reject(error);
        }
      }
    };
    const leave = this.#gather();
    void Promise.all(this.#hostile.map((_, copy) => lane(copy))).finally(leave);
    return (program) => (came.get(program) as PromiseWithResolvers<Observed & { readonly control: Reply }>).promise;
  }

  async #runAndLook(
    program: Program,
    copy: number,
  ): Promise<{ observed: Omit<Observed, keyof Felt>; felt: Promise<Felt> }> {
    const connector = this.#connectorFor(program, copy);
    const integrationId = await install(this.#client, connector.id);
    const leave = this.#gather();
    const look = this.#look();
    const startedAt = performance.now();
    const reply = await this.call(integrationId, nameOf(program));
    const repliedAt = performance.now();
    const next = await this.call(connector.other, 'next');
    const nextMs = performance.now() - repliedAt;
    const replyMs = repliedAt - startedAt;
    const lateMs = Math.max(0, replyMs - (limitMs[codeOf(reply) ?? ''] ?? TIMEOUT_MS));
    return { observed: { reply, replyMs, lateMs, next, nextMs }, felt: this.#endOf(look).finally(leave) };
  }

  /** The program's harmless twin. */
  async #control(program: Program, copy: number): Promise<Reply> {
    // It is to reach no limit, not even on a machine that is busy with much else.
    const integrationId = await install(this.#client, (this.#hostile[copy] as Hostile).patient.id);
    return this.call(integrationId, `c${programs.indexOf(program)}`);
  }

  /** Does something while the neighbour's runs wait and the server's health is asked for. */
  async amongNeighbours<T>(work: () => Promise<T>): Promise<T & Felt> {
    const leave = this.#gather();
    const look = this.#look();
    try {
      const result = await work();
      return { ...result, ...(await this.#endOf(look)) };
    } finally {
      leave();
    }
  }

  /** The neighbour's clients are there until all who wanted them have left. */
  #gather(): () => void {
    if (this.#wanted++ === 0) {
      this.#crowd = new AbortController();
      const { signal } = this.#crowd;
      for (let i = 0; i < NEIGHBOURS; i++) void this.#keepOn(signal, () => this.#neighbourWaits());
      void this.#keepOn(signal, () => this.#isWell());
    }
    return () => {
      if (--this.#wanted === 0) this.#crowd.abort();
    };
  }

  async #keepOn(signal: AbortSignal, ask: () => Promise<(felt: Felt) => void>): Promise<void> {
    while (!signal.aborted) {
      const startedAt = performance.now();
      const question = { startedAt };
      this.#open.add(question);
      const note = await ask();
      this.#open.delete(question);
      for (const { felt, endedAt } of this.#looks) if (startedAt < endedAt) note(felt);
      this.#onEnded.resolve();
      this.#onEnded = Promise.withResolvers();
    }
  }

  #look(): Look {
    const felt: Felt = { neighbours: 0, lost: [], neighbourLateMs: 0, unwell: 0, slowestHealthMs: 0 };
    const look: Look = { felt, endedAt: Number.POSITIVE_INFINITY };
    this.#looks.add(look);
    return look;
  }

  /** Settles when everything that was open at the end has ended. */
  async #endOf(look: Look): Promise<Felt> {
    const endedAt = performance.now();
    look.endedAt = endedAt;
    while ([...this.#open].some(({ startedAt }) => startedAt < endedAt)) await this.#onEnded.promise;
    this.#looks.delete(look);
    return look.felt;
  }

  async #neighbourWaits(): Promise<(felt: Felt) => void> {
    const startedAt = performance.now();
    const reply = await this.call(this.#neighbour, 'wait', { ms: NEIGHBOUR_WAITS_MS }).catch(String);
    const lateMs = performance.now() - startedAt - NEIGHBOUR_WAITS_MS;
    return (felt) => {
      felt.neighbours++;
      felt.neighbourLateMs = Math.max(felt.neighbourLateMs, lateMs);
      if (typeof reply === 'string') felt.lost.push(reply);
      else if (reply.body !== 'waited') felt.lost.push(`${reply.status} ${reply.text}`);
    };
  }

  async #isWell(): Promise<(felt: Felt) => void> {
    const startedAt = performance.now();
    const reply = await this.#watcher('GET', '/healthz').catch(String);
    const tookMs = performance.now() - startedAt;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    return (felt) => {
      felt.slowestHealthMs = Math.max(felt.slowestHealthMs, tookMs);
      if (typeof reply === 'string' || reply.status !== 200) felt.unwell++;
    };
  }

  traces(): Promise<Traces> {
    return tracesOf(this.#server.pid);
  }

  /** Files that nobody asked for. */
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
 * Whether a reply is what the row says.
 *
 * @param isCrowded many share each core, so that a run's time may end before its CPU time does
 */
export function isExpected({ expected }: Program, reply: Reply, isCrowded = false): boolean {
  if ('answer' in expected)
    return reply.status === 200 && JSON.stringify(reply.body) === JSON.stringify(expected.answer);
  const code = codeOf(reply);
  const codes = [expected.code].flat();
  if (code === 'run_timeout' && isCrowded && codes.includes('cpu_limit_exceeded')) return true;
  return code !== undefined && codes.includes(code);
}
