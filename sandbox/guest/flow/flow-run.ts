/** One call of the engine: its arguments, and the state its parts share. */
import { PauseSignal, shorten } from './errors.ts';
import type { ConnectorFunctions, EngineContext, FlowRecord } from './interface.ts';
import { isObject, type JsonObject } from './json.ts';

export interface RunContext extends EngineContext {
  readonly lastExportDateTime?: string;
  readonly currentExportDateTime?: string;
  readonly pageIndex?: number;
}

export interface FlowRun {
  readonly context: RunContext;
  readonly connector: ConnectorFunctions;
  readonly pauses: Pauses;
}

/** Pauses before repeated requests. Concurrent pauses of a run count once. */
export class Pauses {
  readonly #sleep: (ms: number) => Promise<void>;
  #leftMs: number;
  #until = 0;

  constructor(pauseMs: number, sleep: (ms: number) => Promise<void>) {
    this.#leftMs = pauseMs;
    this.#sleep = sleep;
  }

  /** @throws PauseSignal if the run's pauses would become too long in total */
  async wait(ms: number, reason: { readonly code: string; readonly message: string }): Promise<void> {
    const now = Date.now();
    const longerMs = now + ms - Math.max(now, this.#until);
    if (longerMs > this.#leftMs) throw new PauseSignal(Math.ceil(ms), reason.code, shorten(reason.message));
    if (longerMs > 0) {
      this.#leftMs -= longerMs;
      this.#until = now + ms;
    }
    await this.#sleep(ms);
  }
}

export function connectionOf({ context }: FlowRun, record: FlowRecord): FlowRecord | undefined {
  const { _connectionId: id } = record;
  return typeof id === 'string' && Object.hasOwn(context.connections, id) ? context.connections[id] : undefined;
}

/** The settings of the records involved, for hooks and templates. */
export function settingsOf(run: FlowRun, record: FlowRecord, kind: 'export' | 'import'): JsonObject {
  const { flow } = run.context;
  const parts = { flow, [kind]: record, connection: connectionOf(run, record) };
  const entries = Object.entries(parts).flatMap(([name, part]) =>
    isObject(part?.settings) ? [[name, part.settings] as const] : [],
  );
  return Object.fromEntries(entries);
}
