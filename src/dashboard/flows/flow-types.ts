/** Flows and their jobs in the API's replies, as far as the pages use them. */
import type { ErrorItem } from '../api/api-error.ts';
import type { Json, JsonObject } from '../api/json.ts';
import type { StoredRecord } from '../api/types.ts';

export interface FlowRecord extends StoredRecord {
  readonly _integrationId: string;
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

/** `GET /jobs/{_id}/joberrors` */
export interface JobError {
  readonly _id: string;
  readonly code: string;
  readonly message: string;
  readonly source: string;
  /** Index of the step; absent if the export failed. */
  readonly step?: number;
  readonly resolved: boolean;
  readonly retriable: boolean;
  readonly createdAt: string;
  /** The record. Absent in lists that exclude it. */
  readonly data?: Json;
}

/** An object's list of objects. */
export const objectsIn = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter((each): each is JsonObject => typeof each === 'object' && each !== null) : [];
