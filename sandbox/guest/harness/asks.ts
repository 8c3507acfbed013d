/** Requests to the runtime, and their replies. */
import type { HostCallbacks } from '../harness-interface.ts';
import type { Primordials } from './primordials.ts';

export function asks(built: Primordials, ask: HostCallbacks['ask']) {
  const { apply } = built;
  type Pending = { resolve: (value: unknown) => void; reject: (error: unknown) => void };
  const pending = new built.Map<number, Pending>();
  let lastId = 0;
  return {
    /** Rejects with a `TypeError` that has the `code` of the refusal. */
    request: (capability: string, payload: unknown): Promise<unknown> =>
      new built.Promise((resolve, reject) => {
        const id = ++lastId;
        if (!ask(id, capability, built.stringify(payload))) {
          reject(new built.Error('too many requests at once, or a request that is too large'));
          return;
        }
        apply(built.mapSet, pending, [id, { resolve, reject }]);
      }),
    settle(id: number, ...pieces: string[]): void {
      const request = apply(built.mapGet, pending, [id]) as Pending | undefined;
      if (!request) return;
      apply(built.mapDelete, pending, [id]);
      const reply = built.parse(built.joined(pieces)) as { value?: unknown; error: { code: string; message: string } };
      if (built.hasOwn(reply, 'error')) {
        const { error } = reply;
        const rejection = new built.TypeError(error.message) as TypeError & { code: string };
        rejection.code = error.code;
        request.reject(rejection);
      } else {
        request.resolve(reply.value);
      }
    },
  };
}
