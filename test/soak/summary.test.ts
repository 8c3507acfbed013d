/** What a soak calls good; `npm run soak` does the work. */
import { describe, expect, test } from 'vitest';
import { checksOf, heading, lineOf, quantile, type Sample } from './summary.ts';
import { Tally } from './tally.ts';

const sample: Sample = {
  minute: 1,
  calls: 1_000,
  p50Ms: 2,
  p99Ms: 10,
  runtimeMb: 200,
  connectorsMb: 800,
  processes: 5,
  cpuPercent: 50,
  heldMs: 5,
  waiting: 0,
  unexpected: 0,
  lost: 0,
};
const none = new Map<string, number>();
/** Eight samples, each changed by its place from 0 to 7. */
const samplesOf = (change: (place: number) => Partial<Sample>): Sample[] =>
  Array.from({ length: 8 }, (_, place) => ({ ...sample, ...change(place) }));
const bad = (samples: readonly Sample[], unexpected = none, lost = none): string[] =>
  checksOf(samples, unexpected, lost).flatMap(({ what, isGood }) => (isGood ? [] : [what]));

describe('the verdict', () => {
  test('is good if the last quarter is like the second one, whatever the first was like', () => {
    expect(bad(samplesOf(() => ({})))).toEqual([]);
    expect(bad(samplesOf((place) => (place < 2 ? { runtimeMb: 1, connectorsMb: 1, p99Ms: 0.1 } : {})))).toEqual([]);
  });

  test.each([
    ['memory of the runtime', 'runtimeMb', 232, 233],
    ['memory of the connectors', 'connectorsMb', 880, 881],
    ['p99 of calls', 'p99Ms', 45, 46],
  ] as const)('%s may grow so far and no further', (what, key, most, more) => {
    const endsWith = (value: number) => samplesOf((place) => (place >= 6 ? { [key]: value } : {}));
    expect(bad(endsWith(most))).toEqual([]);
    expect(bad(endsWith(more))).toEqual([what]);
    expect(bad(endsWith(Number.NaN))).toEqual([what]);
  });

  test('is bad if anything is lost or unexpected', () => {
    expect(bad([], new Map([['call: 500', 1]]))).toEqual(['unexpected replies']);
    expect(bad([], none, new Map([['webhook', 2]]))).toEqual(['lost']);
  });

  test('of a soak that was ended early compares no quarters', () => {
    const short = samplesOf((place) => ({ runtimeMb: place * 1_000 })).slice(0, 3);
    expect(bad(short)).toEqual([]);
  });
});

test('quantiles are of the values themselves', () => {
  const values = Float64Array.from({ length: 200 }, (_, index) => index + 1);
  expect([0, 0.5, 0.99, 1].map((share) => quantile(values, share))).toEqual([1, 100, 198, 200]);
  expect(quantile([], 0.5)).toBeNaN();
});

test('the columns of a minute stand below their heads', () => {
  expect(lineOf(sample)).toHaveLength(heading.length);
});

test('a reply that is allowed is counted, and another or none is unexpected', async () => {
  const tally = new Tally();
  const reply = (status: number, code?: string) => async () => {
    const body = code === undefined ? undefined : { errors: [{ code }] };
    return { status, headers: new Headers(), text: '', body };
  };
  const allowed = ['200', '503 sandbox_restarted'];
  expect(await tally.expect('call', allowed, reply(200), true)).toMatchObject({ status: 200 });
  expect(await tally.expect('call', allowed, reply(503, 'sandbox_restarted'))).toMatchObject({ status: 503 });
  expect(await tally.expect('call', allowed, reply(503, 'overloaded'))).toBeUndefined();
  const broken = Object.assign(new Error(), { code: 'ECONNRESET' });
  expect(await tally.expect('call', allowed, () => Promise.reject(broken))).toBeUndefined();
  expect([...tally.unexpected]).toEqual([
    ['call: 503 overloaded', 1],
    ['call: ECONNRESET', 1],
  ]);
  expect([tally.takeLatenciesMs().length, tally.takeLatenciesMs().length]).toEqual([1, 0]);
});
