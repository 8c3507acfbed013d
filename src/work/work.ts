/**
 * Work on JSON: done at once where it is small, and in a thread of a pool where it is large, so that nothing
 * that a connector writes holds up the event loop (contract 10.6).
 */
import type { ErrorItem } from '../errors.ts';
import type { Keyring } from '../record/keyring.ts';

/** What tasks have besides their input. */
export interface TaskContext {
  readonly keyring: Keyring;
}

/** A pure function from plain data to plain data. */
export type Task = (input: never, context: TaskContext) => unknown;
export type InputOf<F> = F extends (input: infer Input, context: TaskContext) => unknown ? Input : never;
export type OutputOf<F> = F extends (input: never, context: TaskContext) => infer Output ? Output : never;

/** `module` is where a thread of the pool finds them, as its export `tasks`. */
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

/** Whose work it is, and what it cost. */
export interface Account {
  readonly owner: string;
  /** @param cpuMs CPU time of the runtime, in milliseconds */
  charge(cpuMs: number): void;
}

export interface Work {
  /**
   * @param bytes how much JSON it is about; more than `LARGE_BYTES` goes to the pool
   * @throws RequestError what the task throws; `overloaded`, `request_too_large` where it takes too long, or too much
   */
  run<Functions extends Record<string, Task>, Name extends keyof Functions & string>(
    tasks: Tasks<Functions>,
    name: Name,
    input: InputOf<Functions[Name]>,
    bytes: number,
    account: Account,
  ): Promise<OutputOf<Functions[Name]>>;
  /** Here and now, whatever it takes. */
  runNow<Functions extends Record<string, Task>, Name extends keyof Functions & string>(
    tasks: Tasks<Functions>,
    name: Name,
    input: InputOf<Functions[Name]>,
  ): OutputOf<Functions[Name]>;
  /** Ends the threads. Idempotent. */
  close(): Promise<void>;
}

/** How a thread is set up. */
export interface ThreadData {
  /** Address of its module. */
  readonly worker: string;
  /** Of the process's compile cache. */
  readonly cacheFolder: string | undefined;
  /** Texts of the keys that credentials are sealed with. */
  readonly keys: readonly string[];
}

/** What a thread is sent. */
export interface Order {
  readonly module: string;
  readonly name: string;
  readonly input: unknown;
}

/** What it answers. A refusal is the error of a request, as plain data. */
export type Report = { readonly cpuMs: number } & (
  | { readonly output: unknown }
  | {
      readonly refusal: {
        readonly status: number;
        readonly errors: readonly ErrorItem[];
        readonly headers: Readonly<Record<string, string>>;
      };
    }
);
