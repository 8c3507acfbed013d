import { describe, expect, test } from 'vitest';
import { FairSemaphore } from '../../sandbox/fair-semaphore.ts';
import { ask, httpServer, openOutbound } from '../support/outbound.ts';

/** Lets pending promises settle. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Acquires repeatedly, and records the holders. */
function entering(room: FairSemaphore) {
  const inside: string[] = [];
  const leaving = new Map<string, (() => void)[]>();
  const enter = (owner: string, times: number): void => {
    for (let i = 0; i < times; i++) {
      void room.acquire(owner).then((leave) => {
        inside.push(owner);
        leaving.set(owner, [...(leaving.get(owner) ?? []), leave]);
      });
    }
  };
  return { inside, enter, leave: (owner: string) => leaving.get(owner)?.shift()?.() };
}

test('no owner gets more than half of what the others leave', async () => {
  const { inside, enter } = entering(new FairSemaphore(8));
  for (const owner of ['a', 'b', 'c', 'd', 'e']) {
    enter(owner, 10);
    await settled();
  }
  expect(inside.join('')).toBe('aaaabbcd');
});

test('waiting owners are served round robin', async () => {
  const { inside, enter, leave } = entering(new FairSemaphore(2));
  enter('a', 4);
  enter('b', 2);
  enter('c', 1);
  await settled();
  for (const owner of ['a', 'b', 'a', 'b']) {
    leave(owner);
    await settled();
  }
  expect(inside.join('')).toBe('ababca');
});

test('releasing twice counts once', async () => {
  const room = new FairSemaphore(2);
  const leave = await room.acquire('a');
  leave();
  leave();
  await room.acquire('a');
  let isIn = false;
  void room.acquire('a').then(() => {
    isIn = true;
  });
  await settled();
  expect(isIn).toBe(false);
});

test('an aborted caller leaves the queue', async () => {
  const room = new FairSemaphore(2);
  const leave = await room.acquire('a');
  const run = new AbortController();
  const waiting = room.acquire('a', run.signal);
  run.abort(new Error('the run has ended'));
  await expect(waiting).rejects.toThrow('the run has ended');
  await expect(room.acquire('a', run.signal)).rejects.toThrow('the run has ended');
  leave();
  (await room.acquire('a'))();
});

describe('requests', () => {
  /** Holds each request until it is told to answer. */
  async function holding() {
    const held: (() => void)[] = [];
    const ports = new Set<number | undefined>();
    let most = 0;
    let open = 0;
    const port = await httpServer((request, response) => {
      ports.add(request.socket.remotePort);
      most = Math.max(most, ++open);
      held.push(() => {
        open--;
        response.end();
      });
    });
    const arrived = async (count: number): Promise<void> => {
      while (held.length < count) await settled();
    };
    return { url: `http://127.0.0.1:${port}/`, held, ports, arrived, most: () => most };
  }
  const local = { allowPrivateNetwork: '127.0.0.1' };

  test('at once: half of the capacity for one connector, and some left for the next', async () => {
    const { url, held, arrived, most } = await holding();
    const outbound = openOutbound({ ...local, limits: { requestsAtOnce: 8 } });
    const greedy = Array.from({ length: 20 }, () => ask(outbound, url, { connectorId: 'greedy' }));
    await arrived(4);
    const modest = ask(outbound, url, { connectorId: 'modest' });
    await arrived(5);
    expect(most()).toBe(5);
    held[4]?.();
    expect(await modest).toMatchObject({ status: 200 });
    for (let i = 0; i < 21; i++) {
      await arrived(i + 1);
      if (i !== 4) held[i]?.();
    }
    expect(await Promise.all(greedy)).toHaveLength(20);
    expect(most()).toBe(5);
  });

  test('connections to an origin: reused only by their connector, and limited in number', async () => {
    const { url, held, ports, arrived } = await holding();
    const outbound = openOutbound({ ...local, limits: { connectionsPerOrigin: 2 } });
    const answers = Array.from({ length: 6 }, () => ask(outbound, url, { connectorId: 'a' }));
    for (let i = 0; i < 6; i++) {
      await arrived(i + 1);
      held[i]?.();
    }
    await Promise.all(answers);
    expect(ports.size).toBe(2);
    const other = ask(outbound, url, { connectorId: 'b' });
    await arrived(7);
    held[6]?.();
    await other;
    expect(ports.size).toBe(3);
  });

  test('a connector whose look-ups hang leaves one for others', async () => {
    const { url, held, arrived } = await holding();
    const asked: string[] = [];
    const outbound = openOutbound({
      ...local,
      limits: { totalMs: 2_000 },
      lookup: (hostname, _options, callback) => {
        asked.push(hostname);
        if (hostname === 'good.example') callback(null, [{ address: '127.0.0.1', family: 4 }]);
      },
    });
    const stuck = [1, 2, 3].map((i) =>
      ask(outbound, `http://${i}.slow.example/`, { connectorId: 'slow' }).catch(() => {}),
    );
    const good = ask(outbound, url.replace('127.0.0.1', 'good.example'), { connectorId: 'good' });
    await arrived(1);
    held[0]?.();
    expect(await good).toMatchObject({ status: 200 });
    expect(asked).toEqual(['1.slow.example', 'good.example']);
    await outbound.close();
    await Promise.all(stuck);
  });
});
