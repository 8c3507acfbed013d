/** Runs an attack against a scene, and measures its effects. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Readings } from '../../support/prober-process.ts';
import type { DataAttack } from './attack.ts';
import { type Beside, Neighbour } from './neighbour.ts';
import type { ReplySummary } from './reply-summary.ts';
import { type Scene, TOKEN } from './scene.ts';

/** What a connector may cost everybody else (contract 10.2 and 10.6). */
export interface Bounds {
  /** Longest block of the event loop. */
  readonly heldMs: number;
  /** Memory growth beyond the data. */
  readonly growthMb: number;
  /** Total duration, except for floods, whose duration is fixed. */
  readonly tookMs: number;
  /** Share of its throughput that a neighbour keeps beside a flood. */
  readonly neighbourShare: number;
}

export interface Measurement {
  readonly attack: DataAttack;
  readonly replies: readonly ReplySummary[];
  /** Why replies are missing. */
  readonly failure?: string | undefined;
  readonly tookMs: number;
  readonly readings: Readings;
  /** Resident memory of the server at rest, after cleaning up. */
  readonly restMb: number;
  readonly isAlive: boolean;
  /** Only for floods, and only if measured. */
  readonly neighbourShare?: number | undefined;
}

/** A server that has not answered by then is killed. */
const LOST_MS = 60_000;
const REST_MS = 10_000;
const LOOK_EVERY_MS = 250;
/** Accepted besides 4xx: overload, and an application's answer that cannot be passed on. */
const REFUSALS: readonly number[] = [502, 503, 507];

export interface MeasureOptions {
  /** Measures a neighbour's throughput beside a flood. */
  readonly withNeighbour?: boolean;
  /** Waits until the server's memory is within this of what it was before. */
  readonly restWithinMb?: number | undefined;
}

/** Runs the control, then the attack. @throws Error if the control fails or the attack cannot be prepared */
export async function tryAttack(scene: Scene, attack: DataAttack, options: MeasureOptions = {}): Promise<Measurement> {
  try {
    await attack.control(scene);
    await scene.cleanUp(false);
    await scene.warmUp();
    const measured = await measure(scene, attack, options);
    // A flood's connector stays slow for a while. Restart, so that the next attack is not blamed for that.
    if (attack.isFlood === true) await scene.cleanUp(true);
    return measured;
  } catch (error) {
    await scene.cleanUp(!(await scene.isAlive()));
    throw error;
  }
}

async function measure(scene: Scene, attack: DataAttack, options: MeasureOptions): Promise<Measurement> {
  const ready = await attack.prepare(scene);
  const startedAt = performance.now();
  let tookMs = 0;
  const lost = new AbortController();
  const work = async (): Promise<Pick<Measurement, 'replies' | 'failure'>> => {
    const outcome = await Promise.race([
      ready().then(
        (replies) => ({ replies }),
        (error: Error) => ({ replies: [], failure: String(error.cause ?? error.message) }),
      ),
      pause(LOST_MS, { replies: [], failure: `no answer within ${LOST_MS} ms` }, { signal: lost.signal }),
    ]);
    lost.abort();
    tookMs = performance.now() - startedAt;
    return outcome;
  };
  const look = () => scene.prober.during(work);
  const isBeside = options.withNeighbour === true && attack.isFlood === true;
  const { result: looked, part } = isBeside
    ? await besideNeighbour(scene, look)
    : { result: await look(), part: undefined };
  const { result, readings } = looked;
  const isAlive = result.failure === undefined || (await scene.isAlive());
  await scene.cleanUp(!isAlive);
  const { restWithinMb } = options;
  const restMb = isAlive && restWithinMb !== undefined ? await restOf(scene, readings.beforeMb + restWithinMb) : 0;
  return { attack, ...result, tookMs, readings, restMb, isAlive, neighbourShare: part };
}

async function besideNeighbour<T>(scene: Scene, work: () => Promise<T>): Promise<Beside<T>> {
  const neighbour = await Neighbour.of(scene.server.url, await scene.install('neighbour'), TOKEN);
  try {
    return await neighbour.beside(work);
  } finally {
    neighbour.close();
  }
}

async function restOf(scene: Scene, enoughMb: number): Promise<number> {
  const until = performance.now() + REST_MS;
  for (;;) {
    const { afterMb } = await scene.prober.readings();
    if (!(afterMb > enoughMb) || performance.now() > until) return afterMb;
    await pause(LOOK_EVERY_MS);
  }
}

/** Describes each violation of the contract; empty if there is none. */
export function violations(measured: Measurement, bounds: Bounds): string[] {
  const { attack, replies, failure, tookMs, readings, restMb, isAlive, neighbourShare } = measured;
  const { heldMs, unwell, beforeMb, peakMb } = readings;
  const mayGrowMb = attack.dataMb + bounds.growthMb;
  const wrong = replies.filter((each) => !isAcceptable(each));
  return [
    ...(isAlive ? [] : ['the server died']),
    ...(failure === undefined ? [] : [failure]),
    ...(replies.length > 0 || failure !== undefined ? [] : ['no replies']),
    ...(wrong.length === 0 ? [] : [`${wrong.length} of ${replies.length} replies such as ${JSON.stringify(wrong[0])}`]),
    ...(heldMs > bounds.heldMs ? [`the event loop was blocked for ${ms(heldMs)}`] : []),
    ...(unwell > 0 ? [`/healthz was not answered with 200 ${unwell} times`] : []),
    ...(tookMs > bounds.tookMs && !attack.isFlood ? [`took ${ms(tookMs)}`] : []),
    ...(peakMb - beforeMb > mayGrowMb ? [`memory grew by ${mb(peakMb - beforeMb)} MiB`] : []),
    ...(restMb - beforeMb > bounds.growthMb ? [`memory stayed ${mb(restMb - beforeMb)} MiB larger`] : []),
    ...(neighbourShare !== undefined && neighbourShare < bounds.neighbourShare
      ? [`a neighbour kept ${neighbourShare.toFixed(2)} of its throughput`]
      : []),
  ];
}

/** Whether a connector may get this reply, whatever it has sent. */
function isAcceptable({ status, code }: ReplySummary): boolean {
  if (status >= 200 && status < 400) return true;
  return code !== undefined && ((status >= 400 && status < 500) || REFUSALS.includes(status));
}

const ms = (value: number): string => `${Math.round(value)} ms`;
const mb = (value: number): string => String(Math.round(value));
