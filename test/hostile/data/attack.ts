/**
 * An attack with data: something written, answered, shipped or sent, once at a hostile size and once, as its
 * control, at a permitted size that must give the right result.
 */
import type { Reply } from '../../support/client.ts';
import { type ReplySummary, summarize } from './reply-summary.ts';
import type { Scene } from './scene.ts';

export interface DataAttack {
  readonly name: string;
  /** Data sent, or held by the server, at one time. The server's memory may grow by a bit more than that. */
  readonly dataMb: number;
  /** Runs until its time is over, while a neighbour's throughput is measured. */
  readonly isFlood?: boolean;
  /** Takes seconds, mostly for preparation: only in `npm run hostile`. */
  readonly isLong?: boolean;
  /** Prepares the attack, unmeasured, for example its documents. @returns the attack */
  prepare(scene: Scene): Promise<() => Promise<readonly ReplySummary[]>>;
  /** Runs the control. @throws Error if it fails */
  control(scene: Scene): Promise<void>;
}

/** An attack whose hostile and permitted sizes run the same code. */
interface Shape<Size, Made> extends Pick<DataAttack, 'name' | 'dataMb' | 'isFlood' | 'isLong'> {
  readonly hostile: Size;
  readonly permitted: Size;
  readonly prepare?: (scene: Scene, size: Size) => Promise<Made>;
  readonly run: (scene: Scene, size: Size, made: Made) => Promise<readonly ReplySummary[]>;
  /** Expected statuses of the control. Default: all 2xx. */
  readonly right?: readonly number[];
  /** Further checks after the control. */
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
      const replies = await run(scene, permitted, made);
      const isRight = right
        ? JSON.stringify(replies.map(({ status }) => status)) === JSON.stringify(right)
        : replies.length > 0 && replies.every(({ status }) => status >= 200 && status < 300);
      if (!isRight) throw new Error(`the control failed: ${JSON.stringify(replies).slice(0, 500)}`);
      await check?.(scene, made);
    },
  };
}

/**
 * An attack by a program in a run: the source of an async function's body, which gets `api` and its size. See
 * `connector-code.ts` for what it can call.
 */
interface InsideShape<Size extends object> extends Pick<DataAttack, 'name' | 'dataMb' | 'isFlood' | 'isLong'> {
  readonly program: string;
  readonly hostile: Size;
  readonly permitted: Size;
  readonly right?: readonly number[];
}

/** Duration of a flood's control. */
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

/** Sends `count` requests at once. */
export const atOnce = async (count: number, ask: (index: number) => Promise<Reply>): Promise<ReplySummary[]> =>
  (await Promise.all(Array.from({ length: count }, (_, index) => ask(index)))).map(summarize);
