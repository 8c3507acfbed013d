/** Replies of the API, as far as the pages use them. */
import type { ErrorItem } from './api-error.ts';
import type { Json, JsonObject } from './json.ts';

export type Mode = 'install' | 'settings' | 'uninstall';

export type Outcome = 'running' | 'succeeded' | 'failed' | 'faulted' | 'cut_off';

export const recordKinds = ['connections', 'exports', 'imports', 'flows'] as const;
export type RecordKind = (typeof recordKinds)[number];

/** `GET /tiles` */
export interface Tile {
  readonly _integrationId: string;
  readonly _connectorId?: string;
  readonly name: string;
  readonly tag?: string;
  readonly mode?: Mode;
  readonly imageURL?: string;
  readonly version?: string;
  /** Set if a newer bundle is available. */
  readonly update?: { readonly version: string };
  readonly updateInProgress?: boolean;
  readonly steps: { readonly total: number; readonly completed: number };
  readonly records: Readonly<Record<RecordKind, number>>;
  readonly lastRun: Pick<Run, '_id' | 'section' | 'function' | 'startedAt' | 'outcome'> | null;
  readonly lastJob: LastJob | null;
  /** Connection ids. */
  readonly offlineConnections: readonly string[];
}

export type LastJob = Pick<
  Job,
  '_id' | '_flowId' | 'status' | 'createdAt' | 'endedAt' | 'numSuccess' | 'numError' | 'numIgnore' | 'numOpenError'
>;

/** `GET /connectors` */
export interface Connector {
  readonly _id: string;
  readonly name: string;
  readonly title: string;
  readonly version?: string;
  readonly description?: string;
  readonly imageURL?: string;
  readonly texts?: readonly ('readme' | 'changelog')[];
  readonly status: 'ready' | 'held' | 'invalid';
  readonly permissions: { readonly fetch?: readonly string[] };
  readonly limits: { readonly timeoutMs?: number; readonly cpuMs?: number; readonly memoryMb?: number };
  /** Runs first when an integration is removed. */
  readonly preUninstallFunction?: string;
  /** A version that asks for more than was approved and awaits approval. */
  readonly pending?: { readonly version: string; readonly digest: string; readonly sentences: readonly string[] };
  readonly errors?: readonly ErrorItem[];
  /** For its author; it works all the same. */
  readonly warnings?: readonly ErrorItem[];
  readonly digest?: string;
  /** Sent with `PUT /connectors`, so it can be deleted here. Others lie in the connectors folder. */
  readonly uploaded?: boolean;
}

/** `GET /connectors/{_id}/installBase` */
export interface InstallBaseRow {
  readonly _integrationId: string;
  readonly name: string;
  readonly version: string | null;
  readonly updateInProgress: boolean;
  /** Set if a newer bundle is available. */
  readonly update?: { readonly version: string };
}

export interface Step {
  readonly name: string;
  readonly description?: string;
  readonly imageURL?: string;
  readonly installURL?: string;
  readonly completed?: boolean;
  readonly installerFunction?: string;
  readonly uninstallerFunction?: string;
  readonly _connectionId?: string;
  readonly form?: Json;
}

/** `GET /integrations/{_id}` */
export interface Integration {
  readonly _id: string;
  readonly createdAt: string;
  readonly lastModified: string;
  readonly name: string;
  readonly description?: string;
  readonly tag?: string;
  readonly sandbox?: boolean;
  readonly _connectorId?: string;
  readonly mode?: Mode;
  readonly settings?: JsonObject;
  readonly version?: string;
  readonly updateInProgress?: boolean;
  readonly install?: readonly Step[];
  readonly uninstall?: readonly Step[];
}

export interface LogLine {
  readonly at: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}

/** Input or answer of a run. */
export type Payload =
  | { readonly value: Json; readonly masked?: true }
  /** Too large to be stored. */
  | { readonly omittedBytes: number };

/** `GET /integrations/{_id}/runs` */
export interface Run {
  readonly _id: string;
  readonly _integrationId: string;
  readonly version: string;
  readonly digest?: string;
  /** The node that ran it. */
  readonly node?: string;
  readonly traceId?: string;
  readonly section: string;
  readonly function: string;
  readonly startedAt: string;
  readonly outcome: Outcome;
  readonly endedAt?: string;
  readonly wallMs?: number;
  readonly cpuMs?: number;
  readonly heapBytes?: number;
  readonly requests: number;
  readonly fault?: string;
  readonly errors?: readonly ErrorItem[];
  readonly stack?: string;
  readonly progress?: { readonly fraction: number; readonly message: string };
  /** Excluded from lists. */
  readonly log?: readonly LogLine[];
  /** Never in lists, and only if the server stores them. */
  readonly input?: Payload;
  readonly answer?: Payload;
}

/** Numbers of records. */
export interface Counts {
  readonly numSuccess: number;
  readonly numError: number;
  readonly numIgnore: number;
}

export interface JobStep extends Counts {
  readonly _id: string;
  readonly type: 'export' | 'import';
  readonly _exportId?: string;
  readonly _importId?: string;
}

/** `GET /jobs/{_id}` */
export interface Job extends Counts {
  readonly _id: string;
  readonly type: 'flow' | 'retry';
  readonly _integrationId: string;
  readonly _flowId: string;
  readonly _retryOfJobId?: string;
  readonly status: 'queued' | 'running' | 'retrying' | 'canceling' | 'completed' | 'failed' | 'canceled';
  readonly triggeredBy: 'user' | 'schedule' | 'webhook' | 'run';
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly numExport: number;
  readonly numPagesProcessed: number;
  readonly numOpenError: number;
  readonly numResolved: number;
  readonly retriable: boolean;
  readonly errors?: readonly ErrorItem[];
  /** In the order of the flow: its exports, then its steps. */
  readonly steps?: readonly JobStep[];
}

/** `GET /jobs/hourly` */
export interface JobHour {
  readonly from: string;
  readonly completed: number;
  readonly failed: number;
  readonly canceled: number;
  readonly active: number;
  /** False if the hour has more jobs than were counted. */
  readonly isComplete: boolean;
}

/** `GET /schedule` */
export interface UpcomingRun {
  readonly _flowId: string;
  readonly _integrationId: string;
  readonly name: string;
  readonly integrationName: string;
  readonly schedule: string;
  readonly timezone: string;
  readonly nextAt: string;
}

/** `GET /readyz` */
export interface Health {
  readonly status: 'ok' | 'degraded' | 'unavailable';
  readonly reasons: readonly string[];
}

/** A connection, an export, an import or a flow. */
export interface StoredRecord {
  readonly _id: string;
  readonly name: string;
  readonly type?: string;
  readonly createdAt: string;
  readonly lastModified: string;
  readonly [field: string]: Json | undefined;
}

/** `GET /tokenInfo` */
export interface TokenInfo {
  readonly scope: 'administrator' | 'full' | 'read' | 'integrations' | 'stack';
  /** Of an access token. */
  readonly name?: string;
  readonly autoPurgeAt?: string;
}

/** `GET /accesstokens` */
export interface AccessToken {
  readonly _id: string;
  readonly createdAt: string;
  readonly name: string;
  readonly description?: string;
  readonly scope: string;
  readonly _integrationIds?: readonly string[];
  readonly autoPurgeAt?: string;
  readonly lastUsedAt?: string;
  readonly revoked?: boolean;
}

/** `GET /audit` */
export interface AuditEntry {
  readonly _id: string;
  readonly time: string;
  readonly event: string;
  readonly resourceType: string;
  readonly _resourceId?: string;
  readonly name?: string;
  readonly by:
    | { readonly type: 'administrator' | 'host' | 'command' | 'runtime' }
    | { readonly type: 'token'; readonly _id: string; readonly name: string };
  readonly run?: { readonly _id: string; readonly _connectorId: string };
  readonly fieldChanges?: readonly { readonly fieldPath: string }[];
  readonly omitted?: number;
}
