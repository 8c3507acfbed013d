/** What a soak has measured, and whether that is good: pure arithmetic. */
import { median, table } from '../bench/figures.ts';

/** One period of the load, usually a minute. */
export interface Sample {
  readonly minute: number;
  readonly calls: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly runtimeMb: number;
  readonly connectorsMb: number;
  readonly processes: number;
  /** Of all cores. */
  readonly cpuPercent: number;
  /** The event loop, as `/healthz` shows it: the longest time without an answer, less the waiting for a CPU. */
  readonly heldMs: number;
  /** Webhooks that are acknowledged, and have not arrived yet. */
  readonly waiting: number;
  /** So far. */
  readonly unexpected: number;
  readonly lost: number;
}

export interface Check {
  readonly what: string;
  readonly isGood: boolean;
  readonly found: string;
}

/** How often something of a name has happened. */
export type Counts = ReadonlyMap<string, number>;

const MEMORY_SHARE = 1.1;
const MEMORY_MB = 32;
/** A shared machine is twice as fast at one time as at another. */
const P99_FACTOR = 2;
const P99_MS = 25;

/** @param sorted ascending */
export const quantile = (sorted: ArrayLike<number>, share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;

export const total = (counts: Counts): number => [...counts.values()].reduce((sum, count) => sum + count, 0);

export function checksOf(samples: readonly Sample[], unexpected: Counts, lost: Counts): Check[] {
  return [
    compared('memory of the runtime', 'MiB', quarters(samples, 'runtimeMb'), memoryLimit),
    compared('memory of the connectors', 'MiB', quarters(samples, 'connectorsMb'), memoryLimit),
    compared('p99 of calls', 'ms', quarters(samples, 'p99Ms'), (second) => second * P99_FACTOR + P99_MS),
    none('unexpected replies', unexpected),
    none('lost', lost),
  ];
}

const memoryLimit = (second: number): number => Math.max(second * MEMORY_SHARE, second + MEMORY_MB);

/** Medians of the second quarter and of the last one; undefined if there are too few samples for quarters. */
function quarters(samples: readonly Sample[], key: keyof Sample): [second: number, last: number] | undefined {
  if (samples.length < 4) return undefined;
  const at = (share: number): number => Math.floor(samples.length * share);
  const middle = (from: number, to: number): number => median(samples.slice(from, to).map((sample) => sample[key]));
  return [middle(at(0.25), at(0.5)), middle(at(0.75), samples.length)];
}

function compared(
  what: string,
  unit: string,
  both: [second: number, last: number] | undefined,
  limitOf: (second: number) => number,
): Check {
  if (!both) return { what, isGood: true, found: 'too short to compare' };
  const [second, last] = both;
  const limit = limitOf(second);
  // NaN is not good.
  const isGood = last <= limit;
  return {
    what,
    isGood,
    found: `second quarter ${shown(second)}, last ${shown(last)} ${unit}, limit ${shown(limit)}`,
  };
}

function none(what: string, counts: Counts): Check {
  return { what, isGood: counts.size === 0, found: String(total(counts)) };
}

const shown = (value: number): string => value.toFixed(value < 100 ? 1 : 0);

export const listed = (counts: Counts): string[] => [...counts].sort().map(([name, count]) => `  ${count} × ${name}`);

export function summaryOf(checks: readonly Check[]): string {
  const rows = checks.map(({ what, isGood, found }) => ({ what, verdict: isGood ? 'good' : 'BAD', found }));
  return table(rows);
}

const columns: readonly (readonly [head: string, width: number, show: (sample: Sample) => string])[] = [
  ['minute', 6, ({ minute }) => minute.toFixed(minute % 1 === 0 ? 0 : 2)],
  ['calls', 7, ({ calls }) => String(calls)],
  ['p50 ms', 7, ({ p50Ms }) => p50Ms.toFixed(1)],
  ['p99 ms', 7, ({ p99Ms }) => p99Ms.toFixed(1)],
  ['runtime', 8, ({ runtimeMb }) => runtimeMb.toFixed(0)],
  ['connectors MiB', 14, ({ connectorsMb }) => connectorsMb.toFixed(0)],
  ['processes', 9, ({ processes }) => String(processes)],
  ['CPU %', 5, ({ cpuPercent }) => cpuPercent.toFixed(0)],
  ['loop held ms', 12, ({ heldMs }) => heldMs.toFixed(0)],
  ['hooks waiting', 13, ({ waiting }) => String(waiting)],
  ['unexpected', 10, ({ unexpected }) => String(unexpected)],
  ['lost', 4, ({ lost }) => String(lost)],
];

export const heading = columns.map(([head, width]) => head.padStart(width)).join('  ');

export const lineOf = (sample: Sample): string =>
  columns.map(([, width, show]) => show(sample).padStart(width)).join('  ');
