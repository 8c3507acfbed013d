/** Changes of an integration that a task makes: in one go where it is small, in two steps where it takes the pool. */
import { requestError } from '../errors.ts';
import { LARGE_BYTES } from '../json.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import type { Account, InputOf, OutputOf, Task, Tasks, Work } from '../work/work.ts';

/** How often a large change is made anew because another was faster. */
const TRIES = 20;

/** Where an integration is read and changed: in the store, or in a run's unit of work. */
export interface Units {
  open(): Promise<UnitOfWork>;
  /** Applies a change to the integration as it is at that moment. */
  change<T>(work: (unit: UnitOfWork) => T): Promise<T>;
}

export interface TaskChange<Input, Output, Result> {
  /** What the task needs of the integration as it is, and how much JSON that is. May refuse the change. */
  readonly inputOf: (unit: UnitOfWork) => { readonly input: Input; readonly bytes: number };
  /** Of what the input was read from. */
  readonly revisionOf: (unit: UnitOfWork) => number;
  readonly store: (unit: UnitOfWork, output: Output) => Result;
}

/** @throws RequestError `conflict` if others kept changing what the task had read */
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
  for (let tries = 0; tries < TRIES; tries++) {
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
