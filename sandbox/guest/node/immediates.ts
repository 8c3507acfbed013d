/** `setImmediate`: one timer for all that are due, because their number is limited. */
type Immediate = { callback: ((...args: unknown[]) => void) | undefined; readonly args: unknown[] };

const { setTimeout } = globalThis;
let due: Immediate[] = [];

function drain(): void {
  const current = due;
  due = [];
  try {
    while (current.length > 0) {
      const { callback, args } = current.shift() as Immediate;
      callback?.(...args);
    }
  } finally {
    // One has thrown; the others are still called.
    if (current.length > 0) schedule(current);
  }
}

function schedule(immediates: readonly Immediate[]): void {
  if (due.length === 0) setTimeout(drain, 0);
  due.unshift(...immediates);
}

export function setImmediate(callback: (...args: unknown[]) => void, ...args: unknown[]): object {
  if (typeof callback !== 'function') throw new TypeError('setImmediate takes a function');
  const immediate: Immediate = { callback, args };
  if (due.length === 0) setTimeout(drain, 0);
  due.push(immediate);
  return immediate;
}

export function clearImmediate(immediate?: unknown): void {
  if (typeof immediate === 'object' && immediate !== null) (immediate as Immediate).callback = undefined;
}
