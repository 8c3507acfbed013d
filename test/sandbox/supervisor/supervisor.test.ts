/** Which compartment a run goes to, and how the system treats its process. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  createSandbox,
  defaultLimits,
  fixedAsk,
  type Outcome,
  type Sandbox,
  type SandboxOptions,
} from '../../../sandbox/index.ts';
import { childrenOf } from '../../support/traces.ts';

const nothingGranted = fixedAsk('{}');

function open(options: Partial<SandboxOptions>): Sandbox {
  const sandbox = createSandbox({ prewarmed: false, threads: 1, ...options });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

let runs = 0;
interface CallOptions {
  readonly connectorId: string;
  readonly integrationId?: string;
  readonly ms?: number;
  readonly isStuck?: boolean;
}
function call(
  sandbox: Sandbox,
  { connectorId, integrationId = connectorId, ms = 0, isStuck = false }: CallOptions,
): Promise<Outcome> {
  const code = `let calls = 0; exports.settings = { f: ({ ms, isStuck }) => new Promise((resolve) => setTimeout(() => {
    if (isStuck) Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);
    resolve(++calls);
  }, ms)) }; // ${connectorId}`;
  return sandbox.run(
    {
      runId: `run${++runs}`,
      bundle: { connectorId, digest: code, filename: 'c/index.js', format: 'commonjs', code },
      integrationId,
      call: { section: 'settings', name: 'f', argument: JSON.stringify({ ms, isStuck }) },
      limits: { ...defaultLimits, timeoutMs: 60_000, cpuMs: isStuck ? 300 : 10_000 },
    },
    nothingGranted,
  );
}

test('a connector does not share a compartment with one that crashes it while there is another', async () => {
  const sandbox = open({ compartments: 2 });
  expect(await call(sandbox, { connectorId: 'evil', isStuck: true })).toMatchObject({ fault: 'cpu_limit_exceeded' });
  // The one to avoid is the least used compartment.
  const evil = call(sandbox, { connectorId: 'evil', ms: 1_500, isStuck: true });
  const good = [1, 2, 3].map((n) => call(sandbox, { connectorId: 'good', integrationId: `good${n}`, ms: 4_000 }));
  const newcomer = call(sandbox, { connectorId: 'newcomer', ms: 4_000 });
  expect(await evil).toMatchObject({ fault: 'cpu_limit_exceeded' });
  for (const outcome of await Promise.all([...good, newcomer])) expect(outcome).toMatchObject({ status: 'answered' });
});

test('warm isolates: below, at and above the limit', async () => {
  const sandbox = open({ warmIsolates: 2 });
  const callsOf = async (integrationId: string): Promise<string> => {
    const outcome = await call(sandbox, { connectorId: 'c', integrationId });
    return outcome.status === 'answered' ? outcome.result : outcome.status;
  };
  expect([await callsOf('a'), await callsOf('a')]).toEqual(['1', '2']);
  expect([await callsOf('b'), await callsOf('b'), await callsOf('a')]).toEqual(['1', '2', '3']);
  // `b` was unused for longest and is released.
  expect(await callsOf('c')).toBe('1');
  await vi.waitFor(async () => expect(await callsOf('a')).not.toBe('1'));
  expect(await callsOf('b')).toBe('1');
});

test('warm isolates of all connectors share the memory for them', async () => {
  // Of three isolates of one connector, or of one each of three.
  const sandbox = open({ warmMb: 10, compartments: 3 });
  const count = async (connectorId: string, integrationId: string): Promise<string> => {
    const outcome = await call(sandbox, { connectorId, integrationId });
    return outcome.status === 'answered' ? outcome.result : outcome.status;
  };
  const inTurn = async (): Promise<string[]> => {
    const counts: string[] = [];
    for (const integrationId of ['x', 'y', 'z']) counts.push(await count('a', integrationId));
    return counts;
  };
  await inTurn();
  expect(await inTurn()).toEqual(['2', '2', '2']);
  for (const connectorId of ['b', 'c']) await count(connectorId, 'x');
  // One is left. In turn, each finds that another has replaced its own.
  await vi.waitFor(async () => expect(await inTurn()).toEqual(['1', '1', '1']), 10_000);
  expect([await count('b', 'x'), await count('c', 'x')]).toEqual(['2', '2']);
});

test('the prewarmed process stays while another is in use and goes with the last one; then onRest is called', async () => {
  let rests = 0;
  const sandbox = open({ prewarmed: true, idleMs: 200, onRest: () => rests++ });
  // Nothing has ever run.
  await vi.waitFor(() => expect(rests).toBe(1), { timeout: 20_000 });
  const running = call(sandbox, { connectorId: 'c', ms: 3_000 });
  await vi.waitFor(() => expect(sandbox.usage().compartments).toBe(2), { timeout: 20_000 });
  expect(await running).toMatchObject({ status: 'answered' });
  expect([sandbox.usage().compartments, rests]).toEqual([2, 1]);
  await vi.waitFor(() => expect(rests).toBe(2), { timeout: 20_000 });
  expect(sandbox.usage().compartments).toBe(0);
  expect(await call(sandbox, { connectorId: 'c' })).toMatchObject({ status: 'answered' });
  expect(rests).toBe(2);
});

test.runIf(existsSync('/proc/self/task'))(
  'all threads of a compartment have low priority, and the system kills its process first when memory runs out',
  async () => {
    const before = await childrenOf(process.pid);
    const sandbox = open({ threads: 2 });
    await call(sandbox, { connectorId: 'c' });
    const [pid] = (await childrenOf(process.pid)).filter((child) => !before.includes(child));
    const NICE = 16;
    await vi.waitFor(() => {
      const threads = readdirSync(`/proc/${pid}/task`).map((id) => {
        const stat = readFileSync(`/proc/${pid}/task/${id}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[NICE]);
      });
      expect(new Set(threads)).toEqual(new Set([3]));
    });
    expect(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim()).toBe('1000');
  },
);
