/**
 * Forged messages from code that has broken out of its isolate. It has its thread's pipe, so it can send
 * anything. Whatever a thread would never send ends the compartment.
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
  const usage = { wallMs: 1, cpuMs: 1, heapBytes: 1 };
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

/** In its own sandbox, because the thread's own later messages about the run break the protocol. */
async function runAlone(body: string, ask: Partial<Ask> = {}): Promise<Outcome> {
  const alone = await openBrokenWall();
  const outcome = await alone.run({ code: code(body), given: {} }, ask);
  await alone.close();
  return outcome;
}

test('valid messages are accepted', async () => {
  const answered = { status: 'answered', result: '"forged"', usage: { wallMs: 1, cpuMs: 1, heapBytes: 1 } };
  expect(await runAlone(`say({ type: 'answered', runId, usage }, '"forged"')`)).toEqual(answered);
  const logged: string[] = [];
  // By then, the thread has entered its job and reported that it waits.
  const body = `await wait(100); say({ type: 'log', runId, level: 'info' }, 'line'); say({ type: 'retained', bytes: 5 });
    say({ type: 'running', runId }); say({ type: 'waiting', runId, replies: 0 });
    say({ type: 'failed', runId, code: 'c'.repeat(${errorChars / 10}), stack: 's', usage }, 'm'.repeat(${errorChars}))`;
  const failed = await runAlone(body, { log: (_level, text) => logged.push(text) });
  expect(failed).toMatchObject({ status: 'failed', stack: 's' });
  expect(logged).toEqual(['line']);
});

test('the reported usage is capped at what is possible', async () => {
  const usage = '{ wallMs: 1e300, cpuMs: 1e300, heapBytes: 1e300 }';
  const outcome = await runAlone(`say({ type: 'answered', runId, usage: ${usage} }, '1')`);
  expect(outcome.usage.wallMs).toBeLessThan(60_000);
  expect(outcome.usage.cpuMs).toBeLessThan(60_000);
  expect(outcome.usage.heapBytes).toBeLessThan(2 ** 30);
});

test.each([
  ['an answer that is too large', `say({ type: 'answered', runId, usage }, 'x'.repeat(${resultBytes + 1}))`],
  [
    'an error whose message is too long',
    `say({ type: 'failed', runId, code: 'c', stack: '', usage }, 'm'.repeat(${errorChars + 1}))`,
  ],
  [
    'an error whose code is too long',
    `say({ type: 'failed', runId, code: 'c'.repeat(${errorChars / 10 + 1}), stack: '', usage }, 'm')`,
  ],
  [
    'an error whose stack is too long',
    `say({ type: 'failed', runId, code: 'c', stack: 's'.repeat(${2 * errorChars + 1}), usage }, 'm')`,
  ],
  [
    'a fault whose message is too long',
    `say({ type: 'faulted', runId, fault: 'bundle_failed', usage }, 'm'.repeat(${errorChars + 1}))`,
  ],
  ['a fault that only the runtime may report', `say({ type: 'faulted', runId, fault: 'sandbox_restarted', usage })`],
  ['a message about an unknown run', `say({ type: 'waiting', runId: 'nobody', replies: 0 })`],
  ['that it is ready, twice', `say({ type: 'ready' })`],
  [
    'that a run waits, twice',
    `say({ type: 'waiting', runId, replies: 0 }); say({ type: 'waiting', runId, replies: 0 })`,
  ],
  ['that a run has had replies that were never sent', `say({ type: 'waiting', runId, replies: 5 })`],
  ['that a run runs, twice', `say({ type: 'running', runId }); say({ type: 'running', runId })`],
  [
    'more requests than a run may have open',
    `for (let id = 0; id <= ${pendingAsks}; id++) say({ type: 'ask', runId, askId: id, capability: 'fetch' }, '{}')`,
  ],
  ['a request for an unknown capability', `say({ type: 'ask', runId, askId: 1, capability: 'exec' }, '{}')`],
  [
    'more log lines than a run may log',
    `for (let line = 0; line < ${logLines + 2}; line++) say({ type: 'log', runId, level: 'info' }, 'x')`,
  ],
  ['a log line that is too long', `say({ type: 'log', runId, level: 'info' }, 'x'.repeat(300_000))`],
  ['a header that is not JSON', `say('nonsense')`],
  ['a deeply nested header', `say('['.repeat(200_000) + ']'.repeat(200_000))`],
  ['a header that is too long', `say('x'.repeat(600_000))`],
  ['a body that is too long', `const head = Buffer.alloc(8); head.writeUInt32LE(2 ** 31, 4); write(head)`],
  ['nothing, because its pipe is closed', `closeSync(PIPE)`],
])('a thread that sends %s has been broken into', async (_what, body) => {
  const never = { fetch: () => new Promise<string>(() => {}) };
  const outcome = await wall.run({ code: code(body), given: {} }, never);
  expect(outcome).toMatchObject({ status: 'faulted', fault: 'sandbox_crashed' });
});

test('a message after the answer ends the compartment, and the next run is served', async () => {
  const twice = code(`say({ type: 'answered', runId, usage }, '1'); say({ type: 'answered', runId, usage }, '2')`);
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
  ['what it retains', `frame({ type: 'retained', bytes: 1 })`],
])(
  'a thread that floods us with %s blocks nobody and is killed',
  async (_what, frames) => {
    const body = `say({ type: 'waiting', runId, replies: 0 }); const many = Buffer.concat(Array(2_000).fill([${frames}]).flat());
    for (const end = Date.now() + 15_000; Date.now() < end; ) write(many)`;
    let blockedMs = 0;
    let last = performance.now();
    const sampling = setInterval(() => {
      const now = performance.now();
      blockedMs = Math.max(blockedMs, now - last);
      last = now;
    }, 5);
    const outcome = await runAlone(body);
    clearInterval(sampling);
    // On a busy machine it may not get to send enough, and runs out of time instead.
    expect(outcome).toSatisfy(
      ({ fault }: { fault?: string }) =>
        fault !== undefined && ['sandbox_crashed', 'run_timeout', 'overloaded'].includes(fault),
    );
    expect(blockedMs).toBeLessThan(5_000);
  },
  60_000,
);
