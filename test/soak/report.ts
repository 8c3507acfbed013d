/**
 * `npm run soak`: everything at once at about half load for `--minutes` (120), after a warm-up of `--warm-up` seconds,
 * with `--calls` (200) calls a second. Prints a line a minute, and what came of it. Ctrl+C ends it early.
 */
import { parseArgs } from 'node:util';
import { soak } from './rig.ts';
import { checksOf, heading, lineOf, listed, summaryOf, total } from './summary.ts';

const WARM_UP_SECONDS = 120;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '120' },
    'warm-up': { type: 'string' },
    calls: { type: 'string', default: '200' },
  },
});
const minutes = Number(values.minutes);
const warmUpSeconds = Number(values['warm-up'] ?? Math.min(WARM_UP_SECONDS, minutes * 15));
const callsPerSecond = Number(values.calls);
if (!(minutes > 0 && warmUpSeconds >= 0 && callsPerSecond > 0))
  throw new Error('--minutes, --warm-up and --calls are numbers');
const print = (...lines: readonly string[]): boolean => process.stdout.write(`${lines.join('\n')}\n`);

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (!ending.signal.aborted) print('ending: what was acknowledged is compared');
    ending.abort();
  });
}
print(`warm-up: ${warmUpSeconds} s`);
const { tally, samples, events, visits } = await soak({
  minutes,
  warmUpSeconds,
  callsPerSecond,
  signal: ending.signal,
  onErrorLine: (line) => print(line),
  onWarm: () => print(heading),
  onSample: (sample) => print(lineOf(sample)),
});
const checks = checksOf(samples, tally.unexpected, tally.lost);
const isGood = checks.every((check) => check.isGood);
print(
  '',
  `replies: ${total(tally.replies)}`,
  ...listed(tally.replies),
  `events: ${events}, by readers that came ${visits} times`,
  `unexpected replies: ${total(tally.unexpected)}`,
  ...listed(tally.unexpected),
  `lost: ${total(tally.lost)}`,
  ...listed(tally.lost),
  '',
  summaryOf(checks),
  '',
  `verdict: ${isGood ? 'good' : 'BAD'}${ending.signal.aborted ? ', ended early' : ''}`,
);
process.exitCode = isGood ? 0 : 1;
