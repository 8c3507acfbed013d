/** Counts what the load sends and gets, and what is amiss with it. */
import type { Reply } from '../support/client.ts';

export class Tally {
  /** By kind and reply: `call: 200`. */
  readonly replies = new Map<string, number>();
  readonly unexpected = new Map<string, number>();
  /** What was acknowledged and is missing. */
  readonly lost = new Map<string, number>();
  /** Of the calls since they were last taken. */
  #latenciesMs: number[] = [];

  /** @param allowed status, with the code of an error: `200`, `503 sandbox_restarted`. @returns undefined if it is another */
  async expect(
    kind: string,
    allowed: readonly string[],
    send: () => Promise<Reply>,
    isMeasured = false,
  ): Promise<Reply | undefined> {
    const sentAt = performance.now();
    try {
      const reply = await send();
      if (isMeasured) this.#latenciesMs.push(performance.now() - sentAt);
      const got = nameOf(reply);
      add(this.replies, `${kind}: ${got}`);
      if (allowed.includes(got)) return reply;
      add(this.unexpected, `${kind}: ${got}`);
    } catch (error) {
      add(this.unexpected, `${kind}: ${(error as NodeJS.ErrnoException).code ?? error}`);
    }
    return undefined;
  }

  note(what: string): void {
    add(this.unexpected, what);
  }

  lose(what: string, count = 1): void {
    add(this.lost, what, count);
  }

  /** Ascending. */
  takeLatenciesMs(): Float64Array {
    const taken = Float64Array.from(this.#latenciesMs).sort();
    this.#latenciesMs = [];
    return taken;
  }
}

function add(counts: Map<string, number>, name: string, count = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}

function nameOf({ status, body }: Reply): string {
  const code = status >= 400 ? body?.errors?.[0]?.code : undefined;
  return code === undefined ? `${status}` : `${status} ${code}`;
}
