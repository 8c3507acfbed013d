/**
 * A server under load that is killed at random moments, and what is found after each restart:
 * everything acknowledged, nothing half done, no file left over.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Client, createClient, type Reply } from '../support/client.ts';
import { writeBundle } from '../support/folders.ts';
import { launchServer, type Server } from '../support/server.ts';
import { CODE, CONNECTOR, install, installedState, type State, stateOf, steps } from './model.ts';

export const TOKEN = 'the-crash-tests-token';
export const CLIENTS = 16;
/** A client uninstalls no integration before it has as many. */
const INTEGRATIONS = 3;
/** The load goes on for up to this long before the kill, … */
export const LOAD_MS = 1_000;
/** … once so many have been answered: the first call of a connector waits for its process. */
export const ANSWERED = 17;
/** The part of the acknowledged requests after which the user reads what it wrote. */
const READS = 0.3;

export interface Tally {
  rounds: number;
  acknowledged: number;
  /** Requests without an answer that were found done, not done, and neither. */
  cutOff: { done: number; undone: number; half: number };
  /** What was not as it must be, in sentences. */
  losses: string[];
}

/** Requests without an answer: what may be found of them. */
interface Pending {
  readonly what: string;
  readonly id?: string;
  /** Of an install, whose id the client does not know: the name it asked for. */
  readonly installs?: string;
  readonly before?: State | undefined;
  readonly after: State | undefined;
}

export class User {
  readonly states = new Map<string, State>();
  readonly #random: () => number;
  readonly #nextNumber: () => number;
  pending: Pending | undefined;
  acknowledged = 0;

  constructor(random: () => number, nextNumber: () => number) {
    this.#random = random;
    this.#nextNumber = nextNumber;
  }

  /** Works until a server is gone. @param clientOf a client for the next request; undefined: stop */
  async work(clientOf: () => Client | undefined, losses: string[], onAcknowledged: () => void): Promise<void> {
    try {
      for (let client = clientOf(); client; client = clientOf()) {
        const reply = await this.#doSomething(client);
        // The store was gone: nobody knows whether it was done.
        if (reply.status === 503) return;
        if (reply.status >= 300) losses.push(`${this.pending?.what}: ${reply.status} ${reply.text}`);
        const id = this.pending?.id;
        this.pending = undefined;
        this.acknowledged++;
        onAcknowledged();
        if (id !== undefined) await this.#readAgain(id, clientOf(), losses);
      }
    } catch {
      // Killed: what is pending has no answer.
    }
  }

  /** A read shows what was acknowledged, whichever server it asks. */
  async #readAgain(id: string, client: Client | undefined, losses: string[]): Promise<void> {
    if (!client || this.#random() > READS) return;
    const [found, expected] = [await stateOf(client, id), this.states.get(id)];
    if (!isDeepStrictEqual(found, expected)) losses.push(`stale read: ${JSON.stringify({ id, found, expected })}`);
  }

  async #doSomething(client: Client): Promise<Reply> {
    const number = this.#nextNumber();
    const ids = [...this.states.keys()];
    const id = ids[Math.floor(this.#random() * (INTEGRATIONS + 1))];
    const before = id === undefined ? undefined : this.states.get(id);
    if (id === undefined || before === undefined) {
      const name = `i${number}`;
      this.pending = { what: 'install', installs: name, after: installedState(name) };
      const reply = await install(client, name);
      if (reply.status === 200) this.states.set(reply.body._id, installedState(name));
      return reply;
    }
    const all = steps(id, number);
    const step = all[Math.floor(this.#random() * (ids.length < INTEGRATIONS ? all.length - 1 : all.length))];
    if (!step) throw new Error('no step');
    const after = step.apply(before);
    this.pending = { what: step.name, id, before, after };
    const reply = await step.send(client);
    if (after) this.states.set(id, after);
    else this.states.delete(id);
    return reply;
  }
}

export async function crash(folder: string, rounds: number, random: () => number): Promise<Tally> {
  const [data, connectors] = [join(folder, 'data'), join(folder, 'connectors')];
  await writeBundle(connectors, 'crash', { connector: CONNECTOR, code: CODE });
  let number = 0;
  const users = Array.from({ length: CLIENTS }, () => new User(random, () => ++number));
  const tally: Tally = { rounds: 0, acknowledged: 0, cutOff: { done: 0, undone: 0, half: 0 }, losses: [] };
  for (; tally.rounds < rounds && tally.losses.length === 0; tally.rounds++) {
    const { server, client } = await start(data, connectors);
    await compare(client, users, tally);
    const files = [...(await readdir(join(data, 'integrations'))), ...(await readdir(data))];
    const leftOver = files.filter((name) => name.endsWith('.tmp') || name.endsWith('.damaged'));
    if (leftOver.length > 0) tally.losses.push(`left over: ${leftOver.join(', ')}`);
    const working: Promise<void>[] = [];
    let answered = 0;
    await new Promise<void>((resolve) => {
      const count = (): void => {
        if (++answered === ANSWERED) resolve();
      };
      working.push(...users.map((user) => user.work(() => client, tally.losses, count)));
    });
    await new Promise((resolve) => setTimeout(resolve, random() * LOAD_MS));
    await server.stop('SIGKILL');
    await Promise.all(working);
  }
  const { server, client } = await start(data, connectors);
  await compare(client, users, tally);
  await server.stop('SIGTERM');
  tally.acknowledged = users.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  return tally;
}

async function start(data: string, connectors: string): Promise<{ server: Server; client: Client }> {
  const environment = { BULKHEAD_TOKEN: TOKEN, BULKHEAD_DATA: data, BULKHEAD_CONNECTORS: connectors };
  const server = await launchServer({ ...environment, BULKHEAD_LOG: 'error' });
  return { server, client: createClient(server.url, TOKEN) };
}

export async function compare(client: Client, users: readonly User[], tally: Tally): Promise<void> {
  const { body: all } = await client('GET', '/integrations');
  const idsByName = new Map<string, string>(all.map(({ _id, name }: Record<string, string>) => [name, _id]));
  for (const user of users) {
    const { pending } = user;
    user.pending = undefined;
    const id = pending?.id ?? idsByName.get(pending?.installs ?? '');
    if (pending && id !== undefined) {
      const found = await stateOf(client, id);
      const isDone = isDeepStrictEqual(found, pending.after);
      const isHalf = !isDone && !isDeepStrictEqual(found, pending.before);
      if (isHalf) {
        tally.losses.push(`half done: ${pending.what} ${JSON.stringify({ ...pending, found })}`);
      }
      if (found) user.states.set(id, found);
      else user.states.delete(id);
      tally.cutOff[isDone ? 'done' : isHalf ? 'half' : 'undone']++;
    } else if (pending) {
      tally.cutOff.undone++;
    }
    for (const [each, expected] of user.states) {
      if (each === id) continue;
      const found = await stateOf(client, each);
      if (!isDeepStrictEqual(found, expected)) tally.losses.push(`lost: ${JSON.stringify({ each, expected, found })}`);
    }
  }
  const known = new Set(users.flatMap(({ states }) => [...states.keys()]));
  const unknown = all.filter(({ _id }: { _id: string }) => !known.has(_id));
  if (unknown.length > 0) tally.losses.push(`nobody's: ${JSON.stringify(unknown)}`);
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
