/**
 * Work on JSON. Small JSON is processed at once, large JSON in a thread pool, so that nothing a connector writes can
 * block the event loop (contract 10.6).
 */
import type { ErrorItem } from '../errors.ts';
import type { Keyring } from '../record/keyring.ts';

/** Passed to every task besides its input. */
export interface TaskContext {
  readonly keyring: Keyring;
}

/** A pure function from plain data to plain data. */
export type Task = (input: never, context: TaskContext) => unknown;
export type InputOf<F> = F extends (input: infer Input, context: TaskContext) => unknown ? Input : never;
export type OutputOf<F> = F extends (input: never, context: TaskContext) => infer Output ? Output : never;

/** `module` is the file that exports them as `tasks`; a pool thread imports it. */
export interface Tasks<Functions> {
  readonly module: string;
  readonly functions: Functions;
}

/**
 * @example
 * const shout = ({ text }: { text: string }) => text.toUpperCase();
 * export const tasks = tasksOf(import.meta.url, { shout });
 */
export function tasksOf<Functions extends Record<string, Task>>(
  module: string,
  functions: Functions,
): Tasks<Functions> {
  return { module, functions };
}

/** Who pays for the work. */
export interface Account {
  readonly owner: string;
  /** @param cpuMs CPU time of the runtime, in milliseconds */
  charge(cpuMs: number): void;
}

export interface Work {
  /**
   * @param bytes size of the JSON; more than `LARGE_BYTES` goes to the pool
   * @throws RequestError whatever the task throws; `overloaded` if it takes too long, `request_too_large` if it takes
   *   too much memory
   */
  run<Functions extends Record<string, Task>, Name extends keyof Functions & string>(
    tasks: Tasks<Functions>,
    name: Name,
    input: InputOf<Functions[Name]>,
    bytes: number,
    account: Account,
  ): Promise<OutputOf<Functions[Name]>>;
  /** Runs the task in this thread, however large the input is. */
  runNow<Functions extends Record<string, Task>, Name extends keyof Functions & string>(
    tasks: Tasks<Functions>,
    name: Name,
    input: InputOf<Functions[Name]>,
  ): OutputOf<Functions[Name]>;
  /** Ends the threads. Idempotent. */
  close(): Promise<void>;
}

/** Start data of a thread. */
export interface ThreadData {
  /** URL of the worker module. */
  readonly worker: string;
  /** Folder of the process's compile cache. */
  readonly cacheFolder: string | undefined;
  /** Texts of the keys that seal credentials. */
  readonly keys: readonly string[];
}

export interface TaskMessage {
  readonly module: string;
  readonly name: string;
  readonly input: unknown;
}

/** `refusal` is a RequestError as plain data. */
export type TaskReport = { readonly cpuMs: number } & (
  | { readonly output: unknown }
  | {
      readonly refusal: {
        readonly status: number;
        readonly errors: readonly ErrorItem[];
        readonly headers: Readonly<Record<string, string>>;
      };
    }
);
