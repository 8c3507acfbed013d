/**
 * Nobody else notices what a connector does to itself (contract 10). On a real server, several hostile connectors run
 * their programs concurrently while a neighbour keeps working.
 */
import { availableParallelism, loadavg } from 'node:os';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Traces } from '../support/traces.ts';
import { Arena, isExpected } from './arena.ts';
import { programs as allPrograms, families, type Program } from './programs.ts';

/**
 * Contract 10.3 allows 1 s, and 10.4 allows 500 ms. Here programs run concurrently, and other tests share the machine.
 * `npm run hostile` runs them one by one, and applies the contract's limits.
 */
const LATE_MS = 2_000;
const NEXT_CALL_MS = 2_000;
/** Concurrent programs, each on two connectors. */
const LANES = 3;
/** Their compartments, the neighbour's, and the prewarmed one. */
const PROCESSES = 2 * LANES + 2;
/** The server's threads and descriptors vary: clients' connections, libuv's pool. */
const SLACK = 12;
/**
 * Growth of the server's memory, at rest after all programs: libraries are loaded on demand, and allocators keep some
 * freed memory. `npm run hostile -- --abuse 5000` shows that it does not accumulate.
 */
const GROWTH_MB = 110;

/** Every other one, for time's sake. `npm run hostile` runs all. */
const programs = allPrograms.filter((_, index) => index % 2 === 0);

const isLinux = process.platform === 'linux';
/** How many processes share each core. */
const crowd = (): number => Math.max(1, (loadavg()[0] as number) / availableParallelism());
/** From here on, a run gets far less CPU time than wall time. */
const CROWDED = 4;
let arena: Arena;
let before: Traces;
let resultOf: ReturnType<Arena['runSideBySide']>;

beforeAll(async () => {
  arena = await Arena.open(LANES);
  if (isLinux) before = await arena.traces();
  resultOf = arena.runSideBySide(programs);
}, 120_000);
afterAll(() => arena.close());

/** Nothing remains that was not there before, once the system has cleaned up. */
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
    const { control, reply, lateMs, next, nextMs, lost, unhealthy } = await resultOf(program);
    expect([control.status, control.text]).toEqual([200, 'true']);
    expect(isExpected(program, reply, crowd() > CROWDED), `${reply.status} ${reply.text.slice(0, 500)}`).toBe(true);
    expect(lateMs).toBeLessThan(LATE_MS * crowd());
    expect(next.body).toBe('served');
    expect(nextMs).toBeLessThan(NEXT_CALL_MS * crowd());
    expect(lost).toEqual([]);
    expect(unhealthy).toBe(0);
    if (isLinux) await nothingIsLeft();
  });
});

// Garbage is collected when memory is needed, or at rest: until then, memory use does not show a leak.
test.runIf(isLinux)(
  'after all of them the server comes to rest, and returns their memory',
  {
    timeout: 60_000,
  },
  async () => {
    await Promise.all(programs.map(resultOf));
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
  expect(new Set(programs.map(({ family }) => family))).toEqual(new Set(families));
  expect(new Set(allPrograms.map(({ name }) => name)).size).toBe(allPrograms.length);
});
