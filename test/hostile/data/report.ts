/** Runs each attack with data alone, and prints a table of results against the contract. */
import type { DataAttack } from './attack.ts';
import { attacks } from './attacks.ts';
import { type Bounds, type Measurement, tryAttack, violations } from './measure.ts';
import { Scene } from './scene.ts';

/** Contract 10.6, and 10.2 for the neighbour. */
const BOUNDS: Bounds = { heldMs: 50, growthMb: 64, tookMs: 20_000, neighbourShare: 0.6 };
const FLOOD_MS = 3_000;
const HEADS = ['attack', 'outcome', 'longest /healthz', 'memory, most / at rest', 'neighbour'];

const print = (text: string): boolean => process.stdout.write(`${text}\n`);

/** @param wanted part of the name or subject of attacks to run; default: all. @returns how many were not contained */
export async function reportData(wanted = ''): Promise<number> {
  const scene = await Scene.open({ floodMs: FLOOD_MS });
  let failed = 0;
  try {
    print(row(HEADS));
    print(row(HEADS.map((head) => '-'.repeat(head.length))));
    for (const [subject, all] of Object.entries(attacks)) {
      for (const attack of all.filter(({ name }) => `${subject}: ${name}`.includes(wanted))) {
        const { cells, isContained } = await lineOf(scene, attack);
        if (!isContained) failed++;
        print(row([`${subject}: ${attack.name}`, ...cells]));
      }
    }
  } finally {
    await scene.close();
  }
  print(`\n${failed} not contained`);
  return failed;
}

async function lineOf(scene: Scene, attack: DataAttack): Promise<{ cells: readonly string[]; isContained: boolean }> {
  try {
    const measured = await tryAttack(scene, attack, { withNeighbour: true, restWithinMb: BOUNDS.growthMb / 2 });
    const found = violations(measured, BOUNDS);
    // Restart, so that memory held by this attack does not count for the next one.
    if (found.length > 0) await scene.cleanUp(true);
    return { cells: cellsOf(measured, found), isContained: found.length === 0 };
  } catch (error) {
    return { cells: [`could not be tried: ${(error as Error).message.slice(0, 300)}`, '', '', ''], isContained: false };
  }
}

function cellsOf(
  { replies, readings, restMb, isAlive, neighbourShare }: Measurement,
  found: readonly string[],
): string[] {
  const { heldMs, slowestMs, beforeMb, peakMb } = readings;
  const statuses = Object.entries(Object.groupBy(replies, ({ status, code }) => code?.slice(0, 40) ?? String(status)));
  const summary = statuses.map(([code, all = []]) => (all.length === 1 ? code : `${all.length} × ${code}`)).join(', ');
  return [
    found.length === 0 ? summary : `NOT CONTAINED, ${found.join(', ')}; ${summary}`,
    `${ms(heldMs)} (${ms(slowestMs)} with waiting)`,
    Number.isNaN(peakMb) ? '' : `${signed(peakMb - beforeMb)} / ${isAlive ? signed(restMb - beforeMb) : 'ended'} MiB`,
    neighbourShare === undefined ? '' : neighbourShare.toFixed(2),
  ];
}

const ms = (value: number): string => `${Math.round(value)} ms`;
const signed = (value: number): string => `${value < 0 ? '' : '+'}${Math.round(value)}`;
const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
