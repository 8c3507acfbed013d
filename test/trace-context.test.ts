/** W3C Trace Context, level 2. */
import { describe, expect, test } from 'vitest';
import { withTrace } from '../src/broker/trace-headers.ts';
import { newTrace, parseTrace, traceHeadersOf } from '../src/trace-context.ts';

const ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

test.each([
  ['sampled', `00-${ID}-${PARENT}-01`, '01'],
  ['random', `00-${ID}-${PARENT}-03`, '03'],
  ['neither', `00-${ID}-${PARENT}-00`, '00'],
  ['flags that nobody knows yet', `00-${ID}-${PARENT}-ff`, '03'],
  ['a later version', `01-${ID}-${PARENT}-01`, '01'],
  ['a later version with more to say', `cc-${ID}-${PARENT}-01-what-will-be`, '01'],
])('%s is accepted', (_what, traceparent, flags) => {
  expect(parseTrace(traceparent)).toEqual({ traceId: ID, flags });
});

test.each([
  '',
  'garbage',
  `ff-${ID}-${PARENT}-01`,
  `00-${'0'.repeat(32)}-${PARENT}-01`,
  `00-${ID}-${'0'.repeat(16)}-01`,
  `00-${ID.toUpperCase()}-${PARENT}-01`,
  `00-${ID}-${PARENT}-01-more`,
  `00-${ID}-${PARENT}-01-`,
  `cc-${ID}-${PARENT}-01.more`,
  `00-${ID}-${PARENT}-1`,
  `00-${ID}-${PARENT}`,
  `00-${ID}0-${PARENT}-01`,
  ` 00-${ID}-${PARENT}-01`,
])('%j is not accepted', (traceparent) => {
  expect(parseTrace(traceparent)).toBeUndefined();
});

describe('tracestate', () => {
  const state = (text: string): string | undefined => parseTrace(`00-${ID}-${PARENT}-01`, text)?.state;

  test.each([
    ['a=1', 'a=1'],
    ['a=1, b=2 ,,tenant@system=x y', 'a=1,b=2,tenant@system=x y'],
    ['A=1', undefined],
    ['a', undefined],
    ['a=1\u00e4', undefined],
    [Array.from({ length: 33 }, (_, i) => `k${i}=v`).join(','), undefined],
    ['x'.repeat(100_000), undefined],
  ])('%j', (text, expected) => {
    expect(state(text)).toBe(expected);
  });

  test('too long: long members are dropped first, then the last', () => {
    const short = Array.from({ length: 10 }, (_, i) => `k${i}=${'v'.repeat(40)}`);
    expect(state([`long=${'v'.repeat(200)}`, ...short].join(','))).toBe(short.join(','));
    const many = Array.from({ length: 30 }, (_, i) => `k${i}=${'v'.repeat(40)}`);
    const kept = state(many.join(',')) as string;
    expect(kept.length).toBeLessThanOrEqual(512);
    expect(many.join(',').startsWith(kept)).toBe(true);
  });
});

test('new headers are valid, and each request has an id of its own', () => {
  const trace = newTrace();
  const [[name, first = ''] = []] = traceHeadersOf(trace);
  const [[, second] = []] = traceHeadersOf(trace);
  expect(name).toBe('traceparent');
  expect(parseTrace(first)).toEqual(trace);
  expect(second).not.toBe(first);
});

describe('on a request of a connector', () => {
  const trace = { traceId: ID, flags: '01', state: 'a=1' };
  const ours = /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/;

  test('has the run’s trace', () => {
    expect(withTrace([['accept', '*/*']], trace)).toEqual([
      ['accept', '*/*'],
      ['traceparent', expect.stringMatching(ours)],
      ['tracestate', 'a=1'],
    ]);
  });

  test('keeps its own span in that trace', () => {
    const own = `00-${ID}-${PARENT}-01`;
    expect(
      withTrace(
        [
          ['traceparent', own],
          ['tracestate', 'mine=2'],
        ],
        trace,
      ),
    ).toEqual([
      ['traceparent', own],
      ['tracestate', 'mine=2'],
    ]);
  });

  test.each([
    [[['traceparent', 'garbage']]],
    [[['TraceParent', `00-${'1'.repeat(32)}-${PARENT}-01`]]],
    [
      [
        ['traceparent', `00-${ID}-${PARENT}-01`],
        ['traceparent', `00-${ID}-${PARENT}-01`],
      ],
    ],
    [[['tracestate', 'mine=2']]],
  ])('%j is replaced', (headers) => {
    expect(withTrace(headers as [string, string][], trace)).toEqual([
      ['traceparent', expect.stringMatching(ours)],
      ['tracestate', 'a=1'],
    ]);
  });
});
