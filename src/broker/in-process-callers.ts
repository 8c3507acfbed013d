/**
 * Which run a request inside this process belongs to. A run's authority comes with the request object, which nobody
 * outside has, and not by a token: there is nothing to guess from within.
 */
import type { Grant } from './one-time-tokens.ts';

export interface InProcessCaller {
  readonly grant: Grant;
  /** The run's own. */
  readonly token: string;
  /** What the run itself put into `Authorization`, each of several. */
  readonly authorizations: readonly string[];
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
