/**
 * What a connector does to itself, nobody else feels (contract 10). Against a real server, on which
 * several hostile connectors run their programs at the same time, and their neighbour goes on.
 */
import { availableParallelism, loadavg } from 'node:os';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Traces } from '../support/traces.ts';
import { Arena, isExpected } from './arena.ts';
import { families, type Program, programs } from './programs.ts';

/**
 * Contract 10.3 has 1 s, and 10.4 has 500 ms; here programs run side by side, and others' tests share the
 * machine. `npm run hostile` runs them one after the other, and holds them against the contract.
 */
const LATE_MS = 2_000;
const NEXT_CALL_MS = 2_000;
/** Programs side by side, each on two connectors. */
const LANES = 3;
/** Their compartments, the neighbour's, and the spare one. */
const PROCESSES = 2 * LANES + 2;
/** Threads and descriptors of the server that come and go: connections of clients, the pool of libuv. */
const SLACK = 12;
/**
 * Of the server's memory, at rest after all programs: libraries are loaded when they are first asked for, and
 * an allocator keeps some of what it once needed. `npm run hostile -- --abuse 5000` shows that it does not add up.
 */
const GROWTH_MB = 110;

const isLinux = process.platform === 'linux';
/** How many share each core: a run gets its part of it. */
const crowd = (): number => Math.max(1, (loadavg()[0] as number) / availableParallelism());
/** With so many a run has less CPU time than wall time by far. */
const CROWDED = 4;
let arena: Arena;
let before: Traces;
let cameOf: ReturnType<Arena['runSideBySide']>;

beforeAll(async () => {
  arena = await Arena.open(LANES);
  if (isLinux) before = await arena.traces();
  cameOf = arena.runSideBySide(programs);
}, 120_000);
afterAll(() => arena.close());

/** Nothing is left that was not there before, as soon as the system has taken it apart. */
function nothingIsLeft(): Promise<void> {
  return vi.waitFor(
    async () => {
      const { processes, threads, descriptors } = await arena.traces();
      expect(processes).toBeLessThanOrEqual(PROCESSES);
      expect(threads).toBeLessThanOrEqual(before.threads + SLACK);
      expect(descriptors).toBeLessThanOrEqual(before.descriptors + SLACK);
      expect(await arena.strayFiles()).toEqual([]);
    },
    { timeout: 20_000, interval: 20 },
  );
}

describe.each(families)('%s', (family) => {
  const rows = programs
    .filter((program) => program.family === family)
    .map((program) => [program.name, program] as const);

  test.each<readonly [string, Program]>(rows)('%s', { timeout: 60_000 }, async (_name, program) => {
    const { control, reply, lateMs, next, nextMs, lost, unwell } = await cameOf(program);
    expect([control.status, control.text]).toEqual([200, 'true']);
    expect(isExpected(program, reply, crowd() > CROWDED), `${reply.status} ${reply.text.slice(0, 500)}`).toBe(true);
    expect(lateMs).toBeLessThan(LATE_MS * crowd());
    expect(next.body).toBe('served');
    expect(nextMs).toBeLessThan(NEXT_CALL_MS * crowd());
    expect(lost).toEqual([]);
    expect(unwell).toBe(0);
    if (isLinux) await nothingIsLeft();
  });
});

// Garbage is collected when room is needed, or at rest: until then memory says nothing of a leak.
test.runIf(isLinux)(
  'the server comes to rest after all of them, and gives their memory back',
  {
    timeout: 60_000,
  },
  async () => {
    await Promise.all(programs.map(cameOf));
    await vi.waitFor(
      async () => {
        const { processes, residentMb } = await arena.traces();
        expect(processes).toBe(0);
        expect(residentMb).toBeLessThanOrEqual(before.residentMb + GROWTH_MB);
      },
      { timeout: 30_000, interval: 50 },
    );
  },
);

test('the families are all there', () => {
  expect(programs.length).toBeGreaterThanOrEqual(80);
  expect(new Set(programs.map(({ name }) => name)).size).toBe(programs.length);
});
