/** Requests to the runtime, and their replies. */
import type { Capability } from '../../capabilities.ts';
import type { HostCallbacks } from '../harness-interface.ts';
import type { Primordials } from './primordials.ts';

export type Asks = ReturnType<typeof asks>;

export function asks(builtIns: Primordials, ask: HostCallbacks['ask']) {
  const { apply } = builtIns;
  type Pending = { resolve: (value: unknown) => void; reject: (error: unknown) => void };
  const pending = new builtIns.Map<number, Pending>();
  let lastId = 0;
  return {
    /** Rejects with a `TypeError` whose `code` is the runtime's. */
    request: (capability: Capability, payload: unknown): Promise<unknown> =>
      new builtIns.Promise((resolve, reject) => {
        const id = ++lastId;
        const refusal = ask(id, capability, builtIns.stringify(payload));
        if (refusal !== '') {
          reject(new builtIns.Error(refusal));
          return;
        }
        apply(builtIns.mapSet, pending, [id, { resolve, reject }]);
      }),
    settle(id: number, ...pieces: string[]): void {
      const request = apply(builtIns.mapGet, pending, [id]) as Pending | undefined;
      if (!request) return;
      apply(builtIns.mapDelete, pending, [id]);
      const reply = builtIns.parse(builtIns.join(pieces)) as {
        value?: unknown;
        error: { code: string; message: string; networkCode?: string };
      };
      if (builtIns.hasOwn(reply, 'error')) {
        const { error } = reply;
        const rejection = new builtIns.TypeError(error.message) as TypeError & { code: string };
        rejection.code = error.code;
        // Where Node's `fetch` has it.
        if (builtIns.hasOwn(error, 'networkCode')) {
          const cause = new builtIns.Error(error.message) as Error & { code: unknown };
          cause.code = error.networkCode;
          builtIns.defineValue(rejection, 'cause', cause);
        }
        request.reject(rejection);
      } else {
        request.resolve(reply.value);
      }
    },
  };
}
