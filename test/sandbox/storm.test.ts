/**
 * Random good and bad runs of more connectors than there are compartments, some cancelled, some on old code.
 * Whatever happens around it, a run within its limits is never blamed.
 */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Ask, createSandbox, defaultLimits, fixedAsk, type Outcome } from '../../sandbox/index.ts';
import { childrenOf } from '../support/traces.ts';

const RUNS = 200;
const CONCURRENT = 24;
const BAD_SHARE = 0.08;
const CANCELLED_SHARE = 0.1;

const stuck = 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)';
const code = (version: number): string => `// ${version}
exports.settings = { f: ({ what, ms }) => new Promise((resolve) => {
  if (what === 'answers') resolve(what);
  if (what === 'waits') setTimeout(resolve, ms, what);
  if (what === 'computes') { for (const end = Date.now() + ms / 20; Date.now() < end; ); resolve(what); }
  if (what === 'asks') fetch('/').catch(() => fetch('/')).catch(() => setTimeout(resolve, ms / 10, what));
  if (what === 'ticks') { let n = 0; const interval = setInterval(() => { if (++n > ms / 5) { clearInterval(interval); resolve(what); } }, 1); }
  if (what === 'loops') for (;;);
  if (what === 'is stuck') ${stuck};
  if (what === 'is stuck in a timer') { setTimeout(() => {}, 20); setTimeout(() => ${stuck}, 21); }
  if (what === 'is stuck after a reply') fetch('/').catch(() => ${stuck});
  if (what === 'fills the heap') for (const all = []; ; ) all.push(new Array(1e5).fill(1.5));
  if (what === 'crashes') 'x'.repeat(1 << 28).split('');
  if (what === 'fills memory') for (const all = []; ; ) { const buffer = new ArrayBuffer(2 ** 24, { maxByteLength: 2 ** 24 }); new Uint8Array(buffer).fill(1); all.push(buffer); }
}) };`;
const good = ['answers', 'waits', 'computes', 'asks', 'ticks'];
const bad = [
  'loops',
  'is stuck',
  'is stuck in a timer',
  'is stuck after a reply',
  'fills the heap',
  'crashes',
  'fills memory',
];

/** A pseudo-random generator that gives the same numbers each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32;
  };
}

test('a run within its limits is answered, restarted, overloaded or cancelled, and nothing else', {
  timeout: 180_000,
}, async () => {
  const random = numbers(20_261_124);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const before = existsSync('/proc/self/task') ? await childrenOf(process.pid) : [];
  const sandbox = createSandbox({ compartments: 3, crashesPerMinute: 10_000 });
  const refusal = '{"error":{"code":"no","message":"no"}}';
  const ask: Ask = {
    ...fixedAsk('{"value":null}'),
    fetch: () => new Promise((resolve) => setTimeout(resolve, random() * 20, refusal)),
  };
  const counts = new Map<string, number>();
  let started = 0;

  const next = async (): Promise<void> => {
    const runId = `run${++started}`;
    const isBad = random() < BAD_SHARE;
    const what = pick(isBad ? bad : good);
    const connectorId = `c${Math.floor(random() * 5)}`;
    const version = Math.floor(random() * 2);
    const controller = new AbortController();
    const isCancelled = random() < CANCELLED_SHARE;
    if (isCancelled) setTimeout(() => controller.abort(), random() * 300);
    const digest = `${connectorId} ${version}`;
    const argument = JSON.stringify({ what, ms: 100 + Math.floor(random() * 200) });
    const outcome: Outcome = await sandbox.run(
      {
        runId,
        bundle: { connectorId, digest, filename: 'c/index.js', format: 'commonjs', code: code(version) },
        integrationId: `${connectorId} ${Math.floor(random() * 6)}`,
        call: { section: 'settings', name: 'f', argument },
        limits: { ...defaultLimits, timeoutMs: 60_000, cpuMs: isBad ? 300 : 10_000, memoryMb: 48 },
        signal: controller.signal,
      },
      ask,
    );
    const end = outcome.status === 'faulted' ? outcome.fault : outcome.status;
    const key = `${isBad ? 'bad' : what}: ${end === 'cancelled' && !isCancelled ? 'cancelled by nobody' : end}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  const runInSequence = async (): Promise<void> => {
    while (started < RUNS) await next();
  };
  await Promise.all(Array.from({ length: CONCURRENT }, runInSequence));

  const fair = ['answered', 'sandbox_restarted', 'overloaded', 'cancelled'];
  const blamed = [...counts.keys()].filter(
    (key) => !key.startsWith('bad') && !fair.some((end) => key.endsWith(`: ${end}`)),
  );
  expect(blamed).toEqual([]);
  expect([...counts.keys()].filter((key) => /^bad: (?:answered|failed)/.test(key))).toEqual([]);
  for (const what of good) expect(counts.get(`${what}: answered`)).toBeGreaterThan(0);
  await sandbox.close();
  if (existsSync('/proc/self/task')) {
    expect((await childrenOf(process.pid)).filter((pid) => !before.includes(pid))).toEqual([]);
  }
});
