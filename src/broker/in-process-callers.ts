/**
 * Which run an in-process request belongs to. Its authority comes with the request object, which nobody outside can
 * forge, instead of a token, which could be guessed.
 */
import type { Grant } from './one-time-tokens.ts';

export interface InProcessCaller {
  readonly grant: Grant;
  /** The run's own. */
  readonly token: string;
  /** Every `Authorization` header that the run's code has set. */
  readonly authorizations: readonly string[];
  /** Of the request, which brings none by itself. */
  readonly body: Buffer | undefined;
}

export class InProcessCallers {
  readonly #callers = new WeakMap<object, InProcessCaller>();

  note(request: object, caller: InProcessCaller): void {
    this.#callers.set(request, caller);
  }

  of(request: object): InProcessCaller | undefined {
    return this.#callers.get(request);
  }
}
