/** A run's record: what an operator may know of it afterwards (contract 4). */
import type { Fault, LogLevel } from '../../sandbox/index.ts';

export interface RunLine {
  readonly at: string;
  readonly level: LogLevel;
  readonly message: string;
}

export type RunOutcome =
  | 'running'
  | 'succeeded'
  /** The connector's own error, or an answer that could not be stored. */
  | 'failed'
  | 'faulted'
  /** The runtime ended while it was going on; nothing of it was stored. */
  | 'cut_off';

export interface RunRecord {
  readonly _id: string;
  readonly _integrationId: string;
  readonly _connectorId: string;
  /** The bundle's. */
  readonly version: string;
  /** The bundle's: which code it was. */
  readonly digest: string;
  readonly section: string;
  readonly function: string;
  /** Of the request that called it (W3C Trace Context). */
  readonly traceId?: string;
  readonly startedAt: string;
  readonly outcome: RunOutcome;
  /** From here on, of a run that has ended. */
  readonly endedAt?: string;
  readonly wallMs?: number;
  readonly cpuMs?: number;
  /** The most heap that was seen in use. */
  readonly heapBytes?: number;
  /** Requests to the runtime and outside. */
  readonly requests: number;
  readonly fault?: Fault;
  readonly errors?: readonly { readonly code: string; readonly message: string }[];
  /** With the lines of the bundle, or of its sources where it brings a source map. */
  readonly stack?: string;
  readonly progress?: { readonly fraction: number; readonly message: string };
  readonly log: readonly RunLine[];
}
