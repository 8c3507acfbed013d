/** Messages of faults: what limit, where it is set, what to do. */
import { expect, test } from 'vitest';
import { defaultLimits } from '../../sandbox/index.ts';
import { type Fault, faults, noUsage } from '../../sandbox/protocol.ts';
import { optionTable } from '../../src/option-table.ts';
import { faultMessage, type LimitedCall } from '../../src/run/fault-message.ts';

const limits = { ...defaultLimits, cpuMs: 1_000 };
const call: LimitedCall = { section: 'settings', name: 'sync', limits, manifestLimits: { cpuMs: 1_000 } };
const of = (fault: Fault, message = '', change: Partial<LimitedCall> = {}) =>
  faultMessage({ status: 'faulted', fault, message, usage: noUsage }, { ...call, ...change });

test("a limit of the manifest's own can be raised there, the server's cannot", () => {
  expect(of('cpu_limit_exceeded')).toBe(
    "settings.sync used its 1,000 ms of CPU time. Do less in one call, or raise limits.cpuMs in the manifest, at most to the server's --run-cpu-ms.",
  );
  // The manifest asks for more than the server allows.
  expect(of('cpu_limit_exceeded', '', { manifestLimits: { cpuMs: 9_000 } })).toBe(
    "settings.sync used its 1,000 ms of CPU time. Do less in one call. The limit is the server's (--run-cpu-ms); limits.cpuMs in a manifest only lowers it.",
  );
  expect(of('memory_limit_exceeded')).toContain('needed more than its 64 MiB of memory');
  expect(of('run_timeout')).toContain('did not finish within 300,000 ms');
});

test('what the sandbox says is more than the limit, and is kept', () => {
  for (const fault of faults) expect(of(fault, 'at line 3')).toBe('at line 3');
});

test('functions outside sections have no dot before them', () => {
  expect(of('never_answered', '', { section: '' })).toMatch(/^sync ended without an answer/);
  expect(of('invalid_function', '', { section: '' })).toBe('The connector has no function sync.');
});

test('options that are named exist', () => {
  const known = Object.values(optionTable).map(({ flag }) => `--${flag}`);
  const named = faults.flatMap((fault) =>
    [{}, { manifestLimits: {} }].flatMap((change) => of(fault, '', change).match(/--[a-z-]+/g) ?? []),
  );
  expect(new Set(named).size).toBe(4);
  expect(known).toEqual(expect.arrayContaining(named));
});
