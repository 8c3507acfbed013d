/** `setTimeout`, `setInterval`, `clearTimeout`, `clearInterval` and `queueMicrotask`. The thread keeps the time. */
import type { HostCallbacks } from '../harness-interface.ts';
import type { Answers } from './answers.ts';
import type { Primordials } from './primordials.ts';

export function timers(
  builtIns: Primordials,
  answers: Answers,
  setTimer: HostCallbacks['setTimer'],
  clearTimer: HostCallbacks['clearTimer'],
) {
  const { apply } = builtIns;
  const MAX_DELAY_MS = 2_147_483_647;
  type Timer = { callback: () => unknown; args: unknown[]; repeat: boolean };
  const open = new builtIns.Map<number, Timer>();
  let lastId = 0;

  const add = (callback: unknown, delay: unknown, args: unknown[], repeat: boolean): number => {
    if (typeof callback !== 'function') throw new builtIns.TypeError('a timer takes a function');
    const id = ++lastId;
    const delayMs = +(delay as number);
    const refusal = setTimer(id, delayMs > 0 && delayMs <= MAX_DELAY_MS ? delayMs : 0, repeat);
    if (refusal !== '') throw new builtIns.Error(refusal);
    apply(builtIns.mapSet, open, [id, { callback, args, repeat }]);
    return id;
  };
  const remove = (id: unknown): void => {
    if (apply(builtIns.mapDelete, open, [id])) clearTimer(id as number);
  };
  const call = (callback: () => unknown, args: unknown[]): void => {
    try {
      apply(callback, undefined, args);
    } catch (error) {
      answers.failCurrent(error);
    }
  };

  /** Timers of abort signals. They are cleared when the run answers. */
  let signalIds: number[] = [];

  return {
    setSignalTimer(callback: () => void, delayMs: number): void {
      const id = add(callback, delayMs, [], false);
      builtIns.defineValue(signalIds, signalIds.length, id);
    },
    clearSignalTimers(): void {
      const ids = signalIds;
      signalIds = [];
      for (let i = 0; i < ids.length; i++) remove(ids[i]);
    },
    fire(id: number): void {
      const timer = apply(builtIns.mapGet, open, [id]) as Timer | undefined;
      if (!timer) return;
      if (!timer.repeat) apply(builtIns.mapDelete, open, [id]);
      call(timer.callback, timer.args);
    },
    globals: {
      setTimeout: (callback: unknown, delay?: unknown, ...args: unknown[]) => add(callback, delay, args, false),
      setInterval: (callback: unknown, delay?: unknown, ...args: unknown[]) => add(callback, delay, args, true),
      clearTimeout: remove,
      clearInterval: remove,
      queueMicrotask(callback: unknown): void {
        if (typeof callback !== 'function') throw new builtIns.TypeError('queueMicrotask takes a function');
        builtIns.whenSettled(
          undefined,
          () => call(callback as () => unknown, []),
          () => {},
        );
      },
    },
  };
}
