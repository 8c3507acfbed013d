/** Work on JSON: where it runs, who is charged, and how it fails. */
import { threadId } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { RequestError } from '../../src/errors.ts';
import { LARGE_BYTES } from '../../src/json.ts';
import { Keyring } from '../../src/record/keyring.ts';
import { WorkPool } from '../../src/work/pool.ts';
import { tasks } from './work-tasks.ts';

function openPool(): WorkPool {
  const pool = new WorkPool({ keyring: Keyring.of(['a key of thirty-two characters!!']) });
  onTestFinished(() => pool.close());
  return pool;
}

function accountOf(owner: string) {
  return {
    owner,
    cpuMs: 0,
    charge(cpuMs: number) {
      this.cpuMs += cpuMs;
    },
  };
}

const LARGE = LARGE_BYTES + 1;

test('small work runs here, large work in another thread', async () => {
  const pool = openPool();
  const at = (bytes: number) => pool.run(tasks, 'whereIs', { text: 'x'.repeat(bytes) }, bytes, accountOf('a'));
  expect(await at(LARGE_BYTES)).toEqual({ thread: threadId, chars: LARGE_BYTES });
  const elsewhere = await at(LARGE);
  expect(elsewhere.chars).toBe(LARGE);
  expect(elsewhere.thread).not.toBe(threadId);
});

test.each([1, LARGE])('%s bytes come back unchanged', async (bytes) => {
  const text = Buffer.alloc(bytes, 'ü');
  const copied = await openPool().run(tasks, 'copy', { text }, bytes, accountOf('a'));
  expect(Buffer.isBuffer(copied.text)).toBe(true);
  expect(copied.text.equals(text)).toBe(true);
  // What was handed in is still there.
  expect(text.length).toBe(bytes);
});

test.each([1, LARGE])('a request error is the same in either thread (%s bytes)', async (bytes) => {
  const refused = openPool().run(tasks, 'refuse', undefined as never, bytes, accountOf('a'));
  const error = await refused.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RequestError);
  expect(error).toMatchObject({ status: 422, errors: [{ code: 'invalid_field', field: 'a.b', message: 'no' }] });
});

test('a bug is not turned into a request error', async () => {
  await expect(openPool().run(tasks, 'fail', undefined as never, LARGE, accountOf('a'))).rejects.toThrow('a bug');
});

test("the thread's CPU time is charged to the owner", async () => {
  const [pool, account] = [openPool(), accountOf('a')];
  await pool.run(tasks, 'burn', { ms: 100 }, LARGE, account);
  expect(account.cpuMs).toBeGreaterThan(99);
  expect(account.cpuMs).toBeLessThan(1_000);
});

test('owners take turns, however much one of them requests', async () => {
  const pool = openPool();
  const order: string[] = [];
  const work = async (owner: string): Promise<void> => {
    await pool.run(tasks, 'burn', { ms: 1 }, LARGE, accountOf(owner));
    order.push(owner);
  };
  const flood = Array.from({ length: 20 }, () => work('greedy'));
  await Promise.all([...flood, work('modest')]);
  expect(order.indexOf('modest')).toBeLessThan(4);
});

describe('failing work', () => {
  test('that runs out of memory fails alone, and others are served after it', {
    timeout: 120_000,
  }, async () => {
    const pool = openPool();
    const refused = pool.run(tasks, 'fillMemory', undefined as never, LARGE, accountOf('a'));
    await expect(refused).rejects.toMatchObject({ code: 'request_too_large' });
    expect(await pool.run(tasks, 'whereIs', { text: 'x' }, LARGE, accountOf('b'))).toMatchObject({ chars: 1 });
  });

  test('is refused at once if too much is queued', async () => {
    const pool = openPool();
    const waiting = pool.run(tasks, 'whereIs', { text: 'x' }, 200 * 1024 * 1024, accountOf('a'));
    const refused = pool.run(tasks, 'whereIs', { text: 'x' }, 100 * 1024 * 1024, accountOf('b'));
    await expect(refused).rejects.toMatchObject({ code: 'overloaded', status: 503 });
    expect(await waiting).toMatchObject({ chars: 1 });
    expect(await pool.run(tasks, 'whereIs', { text: 'x' }, 100 * 1024 * 1024, accountOf('b'))).toBeDefined();
  });

  test('is refused while the pool is closing', async () => {
    const pool = openPool();
    const first = pool.run(tasks, 'whereIs', { text: 'x' }, LARGE, accountOf('a')).catch((error: unknown) => error);
    const second = pool.run(tasks, 'whereIs', { text: 'x' }, LARGE, accountOf('a')).catch((error: unknown) => error);
    await pool.close();
    await first;
    expect(await second).toMatchObject({ code: 'shutting_down' });
  });
});
