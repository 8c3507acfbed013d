/** The record of a run, for operators (contract 4). */
import type { Fault, LogLevel } from '../../sandbox/index.ts';

export interface RunLine {
  readonly at: string;
  readonly level: LogLevel;
  readonly message: string;
}

export type RunOutcome =
  | 'running'
  | 'succeeded'
  /** The connector returned an error, or its result could not be stored. */
  | 'failed'
  | 'faulted'
  /** The runtime died during the run; its changes were not stored. */
  | 'cut_off';

/**
 * What a run was called with, or what it answered. Text, because a tree would be parsed with every row of runs that is
 * read, and SQLite's JSON functions refuse deep ones.
 */
export type Payload =
  | {
      /** JSON. */
      readonly text: string;
      /** Credentials in it are masked. */
      readonly masked?: true;
    }
  | {
      /** Not stored: larger than the limit. */
      readonly omittedBytes: number;
    };

export interface RunRecord {
  readonly _id: string;
  readonly _integrationId: string;
  /** Missing for a flow of an integration without a connector. */
  readonly _connectorId?: string;
  /** The bundle's version. */
  readonly version: string;
  /** The bundle's digest: identifies the code. */
  readonly digest: string;
  /** Name of the node that ran it. */
  readonly node?: string;
  readonly section: string;
  readonly function: string;
  /** Trace id of the calling request (W3C Trace Context). */
  readonly traceId?: string;
  readonly startedAt: string;
  readonly outcome: RunOutcome;
  /** Set when the run has ended, like `wallMs`, `cpuMs` and `heapBytes`. */
  readonly endedAt?: string;
  readonly wallMs?: number;
  readonly cpuMs?: number;
  /** Peak heap use. */
  readonly heapBytes?: number;
  /** Requests to the runtime's API and to outside servers. */
  readonly requests: number;
  readonly fault?: Fault;
  readonly errors?: readonly { readonly code: string; readonly message: string }[];
  /** With source positions if the bundle has a source map, otherwise the bundle's own. */
  readonly stack?: string;
  readonly progress?: { readonly fraction: number; readonly message: string };
  readonly log: readonly RunLine[];
  /** Set if the run has ended and the operator stores them (`--run-payload-bytes`). */
  readonly input?: Payload;
  readonly answer?: Payload;
}
