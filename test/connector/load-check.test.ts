/** What an outcome of loading says of a bundle, and what it says of the machine. */
import { expect, test } from 'vitest';
import { createSandbox, type Fault, type Outcome, type Sandbox } from '../../sandbox/index.ts';
import { noUsage } from '../../sandbox/protocol.ts';
import type { Connector } from '../../src/connector/bundle.ts';
import { loadProblem } from '../../src/connector/load-check.ts';

const connectorOf = (code: string): Connector =>
  ({ bundle: { connectorId: 'c', digest: code, filename: 'c/index.js', format: 'commonjs', code } }) as Connector;

/** A sandbox in which loading comes to the same each time. */
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
  ['a loop that had its CPU time', faulted('cpu_limit_exceeded', 1_400), 1, 'cpu_limit_exceeded'],
  ['a loop that had little of it', faulted('cpu_limit_exceeded', 200), 3, 'no verdict'],
  ['a time that ended before it began', faulted('run_timeout', 0), 3, 'no verdict'],
  ['a machine that is busy', faulted('overloaded', 0), 3, 'no verdict'],
  ["another's crash", faulted('sandbox_restarted', 0), 3, 'no verdict'],
  ['a crash of its own', faulted('sandbox_crashed', 0), 3, 'sandbox_crashed'],
])('%s', async (_what, outcome, tries, verdict) => {
  const { sandbox, triesSoFar } = always(outcome);
  const problem = await loadProblem(sandbox, () => 'r', connectorOf(''), false).catch(({ code }) =>
    code === 'overloaded' ? 'no verdict' : code,
  );
  expect([problem, triesSoFar()]).toEqual([verdict, tries]);
});

test('the time that a process takes to start is not the bundle’s', async () => {
  const sandbox = createSandbox({ prewarmed: false, threads: 1 });
  const code = 'for (const end = Date.now() + 300; Date.now() < end; ); exports.settings = {};';
  expect(await loadProblem(sandbox, () => 'r', connectorOf(code), false)).toBeUndefined();
  await sandbox.close();
});
