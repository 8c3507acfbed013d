/** Which outcomes of loading are the bundle's fault, and which the machine's. */
import { expect, test } from 'vitest';
import { createSandbox, type Fault, type Outcome, type Sandbox } from '../../sandbox/index.ts';
import { noUsage } from '../../sandbox/protocol.ts';
import type { Connector } from '../../src/connector/bundle.ts';
import { loadProblem } from '../../src/connector/load-check.ts';

const connectorOf = (code: string): Connector =>
  ({ bundle: { connectorId: 'c', digest: code, filename: 'c/index.js', format: 'commonjs', code } }) as Connector;

/** A sandbox in which every load has the same outcome. */
function always(outcome: Outcome): { sandbox: Sandbox; triesSoFar: () => number } {
  let tries = 0;
  const run = async (): Promise<Outcome> => {
    tries++;
    return outcome;
  };
  const sandbox = { run, isCircuitOpen: () => false, close: async () => {} } as Partial<Sandbox> as Sandbox;
  return { sandbox, triesSoFar: () => tries };
}
const faulted = (fault: Fault, cpuMs: number): Outcome => ({
  status: 'faulted',
  fault,
  message: '',
  usage: { ...noUsage, cpuMs },
});

test.each<[string, Outcome, number, string]>([
  ['an error of its own', faulted('bundle_failed', 1), 1, 'bundle_failed'],
  [
    'a loop that used up its CPU time',
    faulted('cpu_limit_exceeded', 1_400),
    1,
    'its top level takes more than 1,500 ms of CPU time; move that into a function',
  ],
  ['a loop that got little CPU time', faulted('cpu_limit_exceeded', 200), 3, 'no verdict'],
  ['a timeout before it got any CPU time', faulted('run_timeout', 0), 3, 'no verdict'],
  ['a busy machine', faulted('overloaded', 0), 3, 'no verdict'],
  ["another's crash", faulted('sandbox_restarted', 0), 3, 'no verdict'],
  ['a crash', faulted('sandbox_crashed', 0), 3, 'its top level crashes its process; move that into a function'],
])('%s', async (_what, outcome, tries, verdict) => {
  const { sandbox, triesSoFar } = always(outcome);
  const problem = await loadProblem(sandbox, () => 'r', connectorOf(''), false).catch(({ code }) =>
    code === 'overloaded' ? 'no verdict' : code,
  );
  expect([problem, triesSoFar()]).toEqual([verdict, tries]);
});

test('the start of the process does not count against the bundle', async () => {
  const sandbox = createSandbox({ prewarmed: false, threads: 1 });
  const code = 'for (const end = Date.now() + 300; Date.now() < end; ); exports.settings = {};';
  expect(await loadProblem(sandbox, () => 'r', connectorOf(code), false)).toBeUndefined();
  await sandbox.close();
});
