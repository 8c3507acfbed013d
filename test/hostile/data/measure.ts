/** Runs an attack against a scene, and says what was noticed of it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Readings } from '../../support/prober-process.ts';
import type { DataAttack } from './attack.ts';
import type { Came } from './came.ts';
import { type Beside, Neighbour } from './neighbour.ts';
import { type Scene, TOKEN } from './scene.ts';

/** What a connector may cost everybody else (contract 10.2 and 10.6). */
export interface Bounds {
  /** The longest time that the event loop is held. */
  readonly heldMs: number;
  /** What memory grows beyond the data. */
  readonly growthMb: number;
  /** All of it, but for floods, which go on as long as they are told to. */
  readonly tookMs: number;
  /** The part of its throughput that a neighbour keeps beside a flood. */
  readonly neighbourPart: number;
}

export interface Measured {
  readonly attack: DataAttack;
  readonly came: readonly Came[];
  /** Why nothing came, or not all. */
  readonly failure?: string | undefined;
  readonly tookMs: number;
  readonly readings: Readings;
  /** Resident memory of the server at rest, when what the attack has made is gone. */
  readonly restMb: number;
  readonly isAlive: boolean;
  /** Only of floods, and only where somebody looks. */
  readonly neighbourPart?: number | undefined;
}

/** Beyond that a server does not answer any more, and is ended. */
const LOST_MS = 60_000;
const REST_MS = 10_000;
const LOOK_EVERY_MS = 250;
/** Beside 4xx: no room at the moment, and an application whose answer cannot be passed on. */
const REFUSALS: readonly number[] = [502, 503, 507];

export interface MeasureOptions {
  /** Looks at what a neighbour keeps of its throughput beside a flood. */
  readonly withNeighbour?: boolean;
  /** Waits until the server is at rest, as far as it takes to be within this much of what it had before. */
  readonly restWithinMb?: number | undefined;
}

/** The control first, then the attack. @throws Error if the control comes out wrong, or the attack cannot be prepared */
export async function tryAttack(scene: Scene, attack: DataAttack, options: MeasureOptions = {}): Promise<Measured> {
  try {
    await attack.control(scene);
    await scene.tidy(false);
    await scene.warmUp();
    const measured = await measure(scene, attack, options);
    // A connector pays for a flood afterwards as well; that is not to be taken for the next attack's.
    if (attack.isFlood === true) await scene.tidy(true);
    return measured;
  } catch (error) {
    await scene.tidy(!(await scene.isAlive()));
    throw error;
  }
}

async function measure(scene: Scene, attack: DataAttack, options: MeasureOptions): Promise<Measured> {
  const ready = await attack.prepare(scene);
  const startedAt = performance.now();
  let tookMs = 0;
  const lost = new AbortController();
  const work = async (): Promise<Pick<Measured, 'came' | 'failure'>> => {
    const outcome = await Promise.race([
      ready().then(
        (came) => ({ came }),
        (error: Error) => ({ came: [], failure: String(error.cause ?? error.message) }),
      ),
      pause(LOST_MS, { came: [], failure: `no answer within ${LOST_MS} ms` }, { signal: lost.signal }),
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
  await scene.tidy(!isAlive);
  const { restWithinMb } = options;
  const restMb = isAlive && restWithinMb !== undefined ? await restOf(scene, readings.beforeMb + restWithinMb) : 0;
  return { attack, ...result, tookMs, readings, restMb, isAlive, neighbourPart: part };
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

/** What is not as the contract has it, in words; nothing if all is. */
export function complaints(measured: Measured, bounds: Bounds): string[] {
  const { attack, came, failure, tookMs, readings, restMb, isAlive, neighbourPart } = measured;
  const { heldMs, unwell, beforeMb, peakMb } = readings;
  const mayGrowMb = attack.dataMb + bounds.growthMb;
  const wrong = came.filter((each) => !isRightful(each));
  return [
    ...(isAlive ? [] : ['the server has ended']),
    ...(failure === undefined ? [] : [failure]),
    ...(came.length > 0 || failure !== undefined ? [] : ['nothing came']),
    ...(wrong.length === 0 ? [] : [`${wrong.length} of ${came.length} replies such as ${JSON.stringify(wrong[0])}`]),
    ...(heldMs > bounds.heldMs ? [`the event loop was held for ${ms(heldMs)}`] : []),
    ...(unwell > 0 ? [`/healthz was not answered with 200 ${unwell} times`] : []),
    ...(tookMs > bounds.tookMs && !attack.isFlood ? [`took ${ms(tookMs)}`] : []),
    ...(peakMb - beforeMb > mayGrowMb ? [`memory grew by ${mb(peakMb - beforeMb)} MiB`] : []),
    ...(restMb - beforeMb > bounds.growthMb ? [`memory stayed ${mb(restMb - beforeMb)} MiB larger`] : []),
    ...(neighbourPart !== undefined && neighbourPart < bounds.neighbourPart
      ? [`a neighbour kept ${neighbourPart.toFixed(2)} of its throughput`]
      : []),
  ];
}

/** A reply that a connector may get, whatever it has sent. */
function isRightful({ status, code }: Came): boolean {
  if (status >= 200 && status < 400) return true;
  return code !== undefined && ((status >= 400 && status < 500) || REFUSALS.includes(status));
}

const ms = (value: number): string => `${Math.round(value)} ms`;
const mb = (value: number): string => String(Math.round(value));
