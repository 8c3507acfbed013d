/**
 * Remembers which run an in-process request belongs to. The authority hangs on the request object, which nobody outside
 * can forge, rather than on a token.
 */
import type { Grant } from './one-time-tokens.ts';

export interface InProcessCaller {
  readonly grant: Grant;
  /** The run's one-time token. */
  readonly token: string;
  /** `Authorization` headers set by connector code. */
  readonly authorizations: readonly string[];
  /** The request object itself has no body to read. */
  readonly body: Buffer | undefined;
}

export class InProcessCallers {
  readonly #callers = new WeakMap<object, InProcessCaller>();

  register(request: object, caller: InProcessCaller): void {
    this.#callers.set(request, caller);
  }

  of(request: object): InProcessCaller | undefined {
    return this.#callers.get(request);
  }
}
