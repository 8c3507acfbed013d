/** Random values, from the web's `crypto`. */
import { Buffer } from '../buffer.ts';
import { type Callback, invalidArgument, later } from './bytes.ts';

const { crypto: web } = globalThis;
/** The most that `getRandomValues` gives at once. */
const STEP_BYTES = 65_536;
/** Integers below are drawn from six bytes. */
const RANDOM_RANGE = 2 ** 48;

function fill(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += STEP_BYTES) {
    web.getRandomValues(bytes.subarray(at, at + STEP_BYTES) as Uint8Array<ArrayBuffer>);
  }
}

export function randomFillSync<T extends ArrayBuffer | ArrayBufferView>(target: T, offset = 0, size?: number): T {
  const bytes = ArrayBuffer.isView(target)
    ? new Uint8Array(target.buffer, target.byteOffset, target.byteLength)
    : new Uint8Array(target);
  fill(bytes.subarray(offset, size === undefined ? undefined : offset + size));
  return target;
}

export function randomFill<T extends ArrayBuffer | ArrayBufferView>(target: T, ...rest: unknown[]): void {
  const callback = rest.pop() as Callback<T>;
  later(callback, () => randomFillSync(target, ...(rest as [number?, number?])));
}

export function randomBytes(size: number, callback?: Callback<Buffer>): Buffer | undefined {
  if (typeof size !== 'number') throw invalidArgument('size', 'of type number');
  const make = (): Buffer => randomFillSync(Buffer.alloc(size));
  if (!callback) return make();
  later(callback, make);
  return undefined;
}

export function randomInt(...args: unknown[]): number | undefined {
  const callback = typeof args.at(-1) === 'function' ? (args.pop() as Callback<number>) : undefined;
  const [min, max] = (args.length === 1 ? [0, args[0]] : args) as [number, number];
  const make = (): number => {
    const range = max - min;
    if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max)) throw invalidArgument('max', 'a safe integer');
    if (range <= 0 || range > RANDOM_RANGE) {
      throw Object.assign(new RangeError('max must be greater than min, by at most 2 ** 48'), {
        code: 'ERR_OUT_OF_RANGE',
      });
    }
    const limit = RANDOM_RANGE - (RANDOM_RANGE % range);
    for (;;) {
      const drawn = (randomBytes(6) as Buffer).readUIntBE(0, 6);
      if (drawn < limit) return min + (drawn % range);
    }
  };
  if (!callback) return make();
  later(callback, make);
  return undefined;
}

export const randomUUID = (): string => web.randomUUID();
