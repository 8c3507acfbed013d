/** Calls a function in either style: with a callback, or returning its answer or a promise of it. */
import type { Primordials } from './primordials.ts';

/** Where the outcome of a call goes. Only the first outcome counts. */
export interface CallOutcomes {
  succeed(value: unknown): void;
  fail(error: unknown): void;
  /** Returned by a function that may still call its callback: the answer, unless it does. */
  answerProvisionally(value: unknown): void;
}

export type CallFunction = (callee: () => unknown, self: object, argument: unknown, outcomes: CallOutcomes) => void;

export function calling({ apply, isObject, whenSettled }: Primordials): CallFunction {
  return (callee, self, argument, outcomes) => {
    try {
      const takesCallback = callee.length >= 2;
      const callback = (error: unknown, result: unknown): void => {
        if (error) outcomes.fail(error);
        else outcomes.succeed(result);
      };
      const returnValue: unknown = apply(callee, self, [argument, callback]);
      if (isObject(returnValue) && typeof (returnValue as { then?: unknown }).then === 'function') {
        whenSettled(
          returnValue,
          // An async function that takes a callback may still call it later.
          (value) => {
            if (value !== undefined || !takesCallback) outcomes.succeed(value);
            else outcomes.answerProvisionally({});
          },
          (error) => outcomes.fail(error),
        );
      } else if (!takesCallback) {
        outcomes.succeed(returnValue);
      } else if (returnValue !== undefined) {
        // Maybe a timer's handle, maybe the answer.
        outcomes.answerProvisionally(returnValue);
      }
    } catch (error) {
      outcomes.fail(error);
    }
  };
}
