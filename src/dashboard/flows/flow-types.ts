/** Flows and their jobs in the API's replies, as far as the pages use them. */
import type { Json, JsonObject } from '../api/json.ts';
import type { StoredRecord } from '../api/types.ts';

export interface FlowRecord extends StoredRecord {
  readonly _integrationId: string;
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
