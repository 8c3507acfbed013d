/**
 * The flow engine runs in the isolate, beside the connector's hooks and wrappers (contract 16). Each call of it is a
 * run: it reads one page, processes one page, or runs one export or import alone. Everything crosses as JSON.
 *
 * What the engine answers is what any connector could answer: data, never authority. The runtime checks and bounds it.
 */
type Json = unknown;
type JsonObject = { readonly [key: string]: Json };

/** An export, import, flow or connection as stored, with credentials masked. */
export type FlowRecord = JsonObject & { readonly _id: string };

/** What every call of the engine gets. `bearerToken`, `_integrationId`, `_connectorId` and `opts` come with each run. */
export interface EngineContext {
  readonly _integrationId: string;
  readonly bearerToken: string;
  /** Connections by id. Those of the type `wrapper` have `wrapper.encrypted` in clear. */
  readonly connections: { readonly [id: string]: FlowRecord };
  /** Settings by record id, if it has any: the `settings` field of a flow, export or import. */
  readonly flow?: FlowRecord;
  readonly _jobId?: string;
  /** True for `test` exports: at most `test.limit` records are read. */
  readonly testMode?: boolean;
  readonly limits: EngineLimits;
}

export interface EngineLimits {
  /** Records on a page. What an export reads at once beyond this is cut into pages. */
  readonly pageRecords: number;
  /** UTF-8 bytes of a page's JSON. A longer page is cut; a single record beyond it is an error of that record. */
  readonly pageBytes: number;
  /** Longest pause for a repeated request within a run. A longer one is answered as `pause`. */
  readonly pauseMs: number;
  /** Errors with their records that a run answers. The others are only counted. */
  readonly errors: number;
}

/** `generate`: reads one page of an export and calls `preSavePage`. */
export interface GenerateOptions extends EngineContext {
  readonly export: FlowRecord;
  /** What the previous page answered; absent for the first page. */
  readonly state?: Json;
  /** Counts from 0 within this export and job. */
  readonly pageIndex: number;
  /** ISO 8601. The time of the last completed job of a delta export, absent at first; and of this job. */
  readonly lastExportDateTime?: string;
  readonly currentExportDateTime: string;
  /** What a webhook received, for a `webhook` export: one page's worth. */
  readonly received?: readonly Json[];
  /** Records of the steps before, for an export that is a lookup. */
  readonly data?: readonly Json[];
}

export interface GeneratedPage {
  readonly data: readonly Json[];
  /** No page follows. */
  readonly isLast: boolean;
  /** For the next page's `state`. Its JSON is at most 64 KiB. Equal states of two successive pages end the job. */
  readonly state?: Json;
  readonly errors: readonly RecordError[];
  /** Errors beyond the limit. */
  readonly errorsDropped: number;
}

/** `process`: sends one page through the flow's page processors. */
export interface ProcessOptions extends EngineContext {
  readonly data: readonly Json[];
  readonly pageIndex: number;
  /** In the flow's order, with the records that they name. */
  readonly processors: readonly Processor[];
  /** Index of the first processor: above 0 when records that failed at a later step are retried. */
  readonly firstProcessor: number;
  /** Prefix of the `Idempotency-Key` of every request of an import: unique for job and page. */
  readonly idempotencyPrefix: string;
  readonly lastExportDateTime?: string;
  readonly currentExportDateTime?: string;
}

export interface Processor {
  readonly type: 'export' | 'import';
  /** The export (a lookup) or import. */
  readonly record: FlowRecord;
  readonly responseMapping?: JsonObject;
  readonly hooks?: JsonObject;
  /** Records that fail here go on to the next step all the same. */
  readonly proceedOnFailure?: boolean;
}

export interface ProcessedPage {
  /** One entry per processor from `firstProcessor` on. */
  readonly steps: readonly StepCounts[];
  readonly errors: readonly RecordError[];
  readonly errorsDropped: number;
}

export interface StepCounts {
  readonly numSuccess: number;
  readonly numError: number;
  readonly numIgnore: number;
}

/** Why a record failed, or that it was sent on with an error. */
export interface RecordError {
  readonly code: string;
  readonly message: string;
  /** For example `pre_save_page_hook`, `mapping`, `http`. */
  readonly source: string;
  /** Index of the processor; absent for errors of the export. */
  readonly step?: number;
  /** HTTP status of the application, if it refused the record. */
  readonly statusCode?: number;
  /** The record as it came to this step, so that it can be sent again from there. Absent if it went on. */
  readonly retryData?: Json;
}

/**
 * `invoke`: runs one export or import alone. An export answers `{ data }`, an import one result per record of `data`:
 * `{ statusCode, id?, _json?, ignored?, errors? }`.
 */
export interface InvokeOptions extends EngineContext {
  readonly type: 'export' | 'import';
  readonly record: FlowRecord;
  /** Records for an import. */
  readonly data?: readonly Json[];
  readonly lastExportDateTime?: string;
  readonly currentExportDateTime?: string;
}

/** Instead of an answer: ask again later, nothing of this page counts yet. */
export interface Pause {
  readonly pause: { readonly afterMs: number; readonly code: string; readonly message: string };
}

/**
 * Errors that end the page, thrown with one of these codes, or with the connector's own if a hook threw:
 * `connection_offline` (with `_connectionId` in `offline`), `request_failed`, `response_invalid`, `page_too_large`,
 * `hook_failed`, `hook_invalid_response`, `wrapper_invalid_response`, `wrapper_loops`, `mapping_invalid`,
 * `template_invalid`, `unsupported`.
 */
export interface Offline {
  /** The connection refused the credentials: 401 of the application, or `connectionOffline` of a wrapper. */
  readonly offline: { readonly _connectionId: string; readonly message: string };
}

export interface FlowEngine {
  generate(options: GenerateOptions, connector: ConnectorFunctions): Promise<GeneratedPage | Pause | Offline>;
  process(options: ProcessOptions, connector: ConnectorFunctions): Promise<ProcessedPage | Pause | Offline>;
  invoke(options: InvokeOptions, connector: ConnectorFunctions): Promise<Json>;
}

export interface ConnectorFunctions {
  /**
   * Calls a function of the connector, in either style, and resolves to its answer: any value. Rejects with what the
   * function threw, or with an error of the code `object_not_found` or `invalid_function`.
   *
   * @param section '' for a function of a flat module
   */
  call(section: string, name: string, options: object): Promise<unknown>;
}
