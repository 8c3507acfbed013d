/**
 * What an attack with data is: something that is written, answered, shipped or sent, once at a size that is meant
 * to do harm and once, as its control, at a size that is permitted and must have the right result.
 */
import type { Reply } from '../../support/client.ts';
import { type Came, cameOf } from './came.ts';
import type { Scene } from './scene.ts';

export interface DataAttack {
  readonly name: string;
  /** What it sends, or makes the server hold, at one time. The server's memory may grow by that much, and some. */
  readonly dataMb: number;
  /** Goes on until its time is over; a neighbour's throughput is measured beside it. */
  readonly isFlood?: boolean;
  /** Takes seconds, most of them before the attack: left to `npm run hostile`. */
  readonly isLong?: boolean;
  /** Does what is not measured: the documents that have to be there first. */
  prepare(scene: Scene): Promise<() => Promise<readonly Came[]>>;
  /** @throws AssertionError if what is permitted does not work */
  control(scene: Scene): Promise<void>;
}

/** An attack in which both sizes go the same way. */
interface Shape<Size, Made> extends Pick<DataAttack, 'name' | 'dataMb' | 'isFlood' | 'isLong'> {
  readonly hostile: Size;
  readonly permitted: Size;
  readonly prepare?: (scene: Scene, size: Size) => Promise<Made>;
  readonly run: (scene: Scene, size: Size, made: Made) => Promise<readonly Came[]>;
  /** The statuses of the control; all 2xx if there are none. */
  readonly right?: readonly number[];
  /** What else must be so after the control. */
  readonly check?: (scene: Scene, made: Made) => Promise<void>;
}

export function attack<Size, Made = undefined>(shape: Shape<Size, Made>): DataAttack {
  const { name, dataMb, isFlood = false, isLong = false, hostile, permitted, prepare, run, right, check } = shape;
  const begin = async (scene: Scene, size: Size): Promise<Made> => (await prepare?.(scene, size)) as Made;
  return {
    name,
    dataMb,
    isFlood,
    isLong,
    async prepare(scene) {
      const made = await begin(scene, hostile);
      return () => run(scene, hostile, made);
    },
    async control(scene) {
      const made = await begin(scene, permitted);
      const came = await run(scene, permitted, made);
      const isRight = right
        ? JSON.stringify(came.map(({ status }) => status)) === JSON.stringify(right)
        : came.length > 0 && came.every(({ status }) => status >= 200 && status < 300);
      if (!isRight) throw new Error(`the control came out wrong: ${JSON.stringify(came).slice(0, 500)}`);
      await check?.(scene, made);
    },
  };
}

/**
 * An attack by a program in a run: source text of the body of an async function, which is given `api` and its
 * size. See `connector-code.ts` for what it can call.
 */
interface InsideShape<Size extends object> extends Pick<DataAttack, 'name' | 'dataMb' | 'isFlood' | 'isLong'> {
  readonly program: string;
  readonly hostile: Size;
  readonly permitted: Size;
  readonly right?: readonly number[];
}

/** How long the control of a flood goes on. */
export const CONTROL_FLOOD_MS = 100;

export function inside<Size extends object>({ program, ...shape }: InsideShape<Size>): DataAttack {
  return attack({
    ...shape,
    prepare: (scene) => scene.install('data'),
    run(scene, size, integrationId) {
      const ms = size === shape.hostile ? scene.floodMs : CONTROL_FLOOD_MS;
      return scene.inside(integrationId, program, { ...size, ms });
    },
  });
}

/** The same from so many at once. */
export const atOnce = async (count: number, ask: (index: number) => Promise<Reply>): Promise<Came[]> =>
  (await Promise.all(Array.from({ length: count }, (_, index) => ask(index)))).map(cameOf);
