/** `npm run swap`: replaces a bundle `--swaps` (500) times while `--clients` (32) call it, and prints what came of it. */
import { parseArgs } from 'node:util';
import { swapUnderLoad } from './rig.ts';

const { values } = parseArgs({ options: { swaps: { type: 'string' }, clients: { type: 'string' } } });
const result = await swapUnderLoad(Number(values.swaps ?? 500), Number(values.clients ?? 32));
const [ms, mb] = [(value: number): string => `${Math.round(value)} ms`, (value: number): string => `${value} MB`];
process.stdout.write(
  [
    `replacements: ${result.swaps}, each in ${ms(result.meanSwapMs)} on average, ${ms(result.slowestSwapMs)} at the most`,
    `calls: ${result.calls}, failed: ${result.failures.length}, of two versions: ${result.mixed}, slowest: ${ms(result.slowestCallMs)}, versions seen: ${result.versions}`,
    `resident memory after a fifth and at the end: runtime ${result.residentMb.map(mb).join(', ')}; connector process ${result.compartmentMb.map(mb).join(', ')}`,
    `connector processes at once: ${result.compartments}`,
    ...result.failures,
    '',
  ].join('\n'),
);
if (result.failures.length > 0 || result.mixed > 0) process.exitCode = 1;
