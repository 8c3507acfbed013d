/**
 * What code that has broken out of its isolate may say to the runtime: it has its thread's pipe, and
 * with that all that a thread can say. What a thread would not say ends its compartment.
 */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Ask, defaultLimits, type Outcome } from '../../sandbox/index.ts';
import { type BrokenWall, openBrokenWall } from './broken-wall/broken-wall.ts';

let wall: BrokenWall;
beforeAll(async () => {
  wall = await openBrokenWall({ prewarmed: true });
});
afterAll(() => wall.close());

/** The frames of `sandbox/frame.ts`, written to the thread's own pipe. */
const pipe = `
  const { writeSync, closeSync } = builtin('fs');
  const PIPE = 4;
  const { runId } = given;
  const spent = { wallMs: 1, cpuMs: 1, heapBytes: 1 };
  const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const frame = (header, body = '') => {
    const parts = [typeof header === 'string' ? header : JSON.stringify(header), body].map((part) => Buffer.from(part));
    const lengths = Buffer.alloc(8);
    parts.forEach(({ length }, i) => lengths.writeUInt32LE(length, 4 * i));
    return Buffer.concat([lengths, ...parts]);
  };
  const write = (bytes) => {
    for (let at = 0; at < bytes.length; ) {
      try { at += writeSync(PIPE, bytes, at); } catch (error) { if (error.code !== 'EAGAIN') throw error; }
    }
  };
  const say = (header, body) => write(frame(header, body));
`;
const code = (body: string): string => `${pipe} ${body}; await wait(20_000);`;
const { resultBytes, errorChars, logLines, pendingAsks } = defaultLimits;

/** Alone with its sandbox: what the thread itself says of the run later on is then too much. */
async function runAlone(body: string, ask: Partial<Ask> = {}): Promise<Outcome> {
  const alone = await openBrokenWall();
  const outcome = await alone.run({ code: code(body), given: {} }, ask);
  await alone.close();
  return outcome;
}

test('what a thread may say is taken', async () => {
  const answered = { status: 'answered', result: '"forged"', spent: { wallMs: 1, cpuMs: 1, heapBytes: 1 } };
  expect(await runAlone(`say({ type: 'answered', runId, spent }, '"forged"')`)).toEqual(answered);
  const logged: string[] = [];
  // Its job has been entered and left by then, as the thread has said.
  const body = `await wait(100); say({ type: 'log', runId, level: 'info' }, 'line'); say({ type: 'kept', bytes: 5 });
    say({ type: 'running', runId }); say({ type: 'waiting', runId, replies: 0 });
    say({ type: 'failed', runId, code: 'c'.repeat(${errorChars / 10}), stack: 's', spent }, 'm'.repeat(${errorChars}))`;
  const failed = await runAlone(body, { log: (_level, text) => logged.push(text) });
  expect(failed).toMatchObject({ status: 'failed', stack: 's' });
  expect(logged).toEqual(['line']);
});

test('what it says it has spent is no more than can be', async () => {
  const spent = '{ wallMs: 1e300, cpuMs: 1e300, heapBytes: 1e300 }';
  const outcome = await runAlone(`say({ type: 'answered', runId, spent: ${spent} }, '1')`);
  expect(outcome.spent.wallMs).toBeLessThan(60_000);
  expect(outcome.spent.cpuMs).toBeLessThan(60_000);
  expect(outcome.spent.heapBytes).toBeLessThan(2 ** 30);
});

test.each([
  ['an answer that is too large', `say({ type: 'answered', runId, spent }, 'x'.repeat(${resultBytes + 1}))`],
  [
    'an error whose message is too long',
    `say({ type: 'failed', runId, code: 'c', stack: '', spent }, 'm'.repeat(${errorChars + 1}))`,
  ],
  [
    'an error whose code is too long',
    `say({ type: 'failed', runId, code: 'c'.repeat(${errorChars / 10 + 1}), stack: '', spent }, 'm')`,
  ],
  [
    'an error whose stack is too long',
    `say({ type: 'failed', runId, code: 'c', stack: 's'.repeat(${2 * errorChars + 1}), spent }, 'm')`,
  ],
  [
    'a fault whose message is too long',
    `say({ type: 'faulted', runId, fault: 'bundle_failed', spent }, 'm'.repeat(${errorChars + 1}))`,
  ],
  ['that another is to blame', `say({ type: 'faulted', runId, fault: 'sandbox_restarted', spent })`],
  ['a run that is not there', `say({ type: 'waiting', runId: 'nobody', replies: 0 })`],
  ['that it is ready, again', `say({ type: 'ready' })`],
  [
    'that a run waits, again',
    `say({ type: 'waiting', runId, replies: 0 }); say({ type: 'waiting', runId, replies: 0 })`,
  ],
  ['that a run has had replies that were not sent', `say({ type: 'waiting', runId, replies: 5 })`],
  ['that a run runs, again', `say({ type: 'running', runId }); say({ type: 'running', runId })`],
  [
    'more requests than a run may have open',
    `for (let id = 0; id <= ${pendingAsks}; id++) say({ type: 'ask', runId, askId: id, capability: 'fetch' }, '{}')`,
  ],
  ['a request of a kind that there is not', `say({ type: 'ask', runId, askId: 1, capability: 'exec' }, '{}')`],
  [
    'more log lines than a run may log',
    `for (let line = 0; line < ${logLines + 2}; line++) say({ type: 'log', runId, level: 'info' }, 'x')`,
  ],
  ['a log line that is too long', `say({ type: 'log', runId, level: 'info' }, 'x'.repeat(300_000))`],
  ['a header that is no JSON', `say('nonsense')`],
  ['a header that nests', `say('['.repeat(200_000) + ']'.repeat(200_000))`],
  ['a header that is too long', `say('x'.repeat(600_000))`],
  ['a body that is too long', `const head = Buffer.alloc(8); head.writeUInt32LE(2 ** 31, 4); write(head)`],
  ['nothing any more: its pipe is closed', `closeSync(PIPE)`],
])('a thread that says %s has been broken into', async (_what, body) => {
  const never = { fetch: () => new Promise<string>(() => {}) };
  const outcome = await wall.run({ code: code(body), given: {} }, never);
  expect(outcome).toMatchObject({ status: 'faulted', fault: 'sandbox_crashed' });
});

test('what it says after its answer ends it as well, and the next is served', async () => {
  const twice = code(`say({ type: 'answered', runId, spent }, '1'); say({ type: 'answered', runId, spent }, '2')`);
  expect(await wall.run({ code: twice, given: {} })).toMatchObject({ status: 'answered', result: '1' });
  const uptime = async (): Promise<number> => {
    const outcome = await wall.run({ code: 'return process.uptime()', given: {} });
    return outcome.status === 'answered' ? JSON.parse(outcome.result).got : Number.POSITIVE_INFINITY;
  };
  const startedAt = performance.now();
  await vi.waitFor(async () => expect(await uptime()).toBeLessThan((performance.now() - startedAt) / 1_000), {
    timeout: 20_000,
  });
});

test.each([
  ['that it runs and waits', `frame({ type: 'running', runId }), frame({ type: 'waiting', runId, replies: 0 })`],
  ['what it keeps', `frame({ type: 'kept', bytes: 1 })`],
])(
  'a thread that says %s for ever, and fast, holds nobody up and is ended',
  async (_what, frames) => {
    const body = `say({ type: 'waiting', runId, replies: 0 }); const many = Buffer.concat(Array(2_000).fill([${frames}]).flat());
    for (const end = Date.now() + 15_000; Date.now() < end; ) write(many)`;
    let heldMs = 0;
    let last = performance.now();
    const looking = setInterval(() => {
      const now = performance.now();
      heldMs = Math.max(heldMs, now - last);
      last = now;
    }, 5);
    const outcome = await runAlone(body);
    clearInterval(looking);
    // On a machine that is busy with much else it does not get to send so much, and its time ends.
    expect(outcome).toSatisfy(
      ({ fault }: { fault?: string }) =>
        fault !== undefined && ['sandbox_crashed', 'run_timeout', 'overloaded'].includes(fault),
    );
    expect(heldMs).toBeLessThan(5_000);
  },
  60_000,
);
