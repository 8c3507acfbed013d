/** Changes an integration with a task: in one step if small, with optimistic locking around the pool if large. */
import { requestError } from '../errors.ts';
import { LARGE_BYTES } from '../json.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import type { Account, InputOf, OutputOf, Task, Tasks, Work } from '../work/work.ts';

/** Attempts of a large change before it counts as a conflict. */
const ATTEMPTS = 20;

/** Access to the integration: in the store, or in a run's unit of work. */
export interface Units {
  open(): Promise<UnitOfWork>;
  /** Applies a change to the current state. */
  change<T>(work: (unit: UnitOfWork) => T): Promise<T>;
}

export interface TaskChange<Input, Output, Result> {
  /** Makes the task's input from the current state, and says how much JSON it is. May throw to refuse the change. */
  readonly inputOf: (unit: UnitOfWork) => { readonly input: Input; readonly bytes: number };
  /** Revision of what `inputOf` reads. */
  readonly revisionOf: (unit: UnitOfWork) => number;
  readonly store: (unit: UnitOfWork, output: Output) => Result;
}

/** @throws RequestError `conflict` if the input kept changing */
export async function changeWithTask<
  Functions extends Record<string, Task>,
  Name extends keyof Functions & string,
  Result,
>(
  { work, account, units }: { readonly work: Work; readonly account: Account; readonly units: Units },
  tasks: Tasks<Functions>,
  name: Name,
  { inputOf, revisionOf, store }: TaskChange<InputOf<Functions[Name]>, OutputOf<Functions[Name]>, Result>,
): Promise<Result> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await units.open();
    const revision = revisionOf(before);
    const { input, bytes } = inputOf(before);
    const isLarge = bytes > LARGE_BYTES;
    const output = isLarge ? await work.run(tasks, name, input, bytes, account) : undefined;
    const done = await units.change((unit) => {
      if (isLarge) {
        return revisionOf(unit) === revision ? { result: store(unit, output as OutputOf<Functions[Name]>) } : undefined;
      }
      const current = inputOf(unit);
      if (current.bytes > LARGE_BYTES) return undefined;
      return { result: store(unit, work.runNow(tasks, name, current.input)) };
    });
    if (done) return done.result;
  }
  throw requestError('conflict');
}
