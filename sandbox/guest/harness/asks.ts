/** Requests to the runtime, and their replies. */
import type { HostCallbacks } from '../harness-interface.ts';
import type { Primordials } from './primordials.ts';

export function asks(built: Primordials, ask: HostCallbacks['ask']) {
  const { apply } = built;
  type Pending = { resolve: (value: unknown) => void; reject: (error: unknown) => void };
  const pending = new built.Map<number, Pending>();
  let lastId = 0;
  return {
    /** Rejects with a `TypeError` that has the refusal's `code`. */
    request: (capability: string, payload: unknown): Promise<unknown> =>
      new built.Promise((resolve, reject) => {
        const id = ++lastId;
        if (!ask(id, capability, built.stringify(payload))) {
          reject(new built.Error('too many requests at once, or too large a one'));
          return;
        }
        apply(built.mapSet, pending, [id, { resolve, reject }]);
      }),
    settle(id: number, ...pieces: string[]): void {
      const open = apply(built.mapGet, pending, [id]) as Pending | undefined;
      if (!open) return;
      apply(built.mapDelete, pending, [id]);
      const told = built.parse(built.joined(pieces)) as { value?: unknown; error: { code: string; message: string } };
      if (built.hasOwn(told, 'error')) {
        const { error } = told;
        const rejection = new built.TypeError(error.message) as TypeError & { code: string };
        rejection.code = error.code;
        open.reject(rejection);
      } else {
        open.resolve(told.value);
      }
    },
  };
}
