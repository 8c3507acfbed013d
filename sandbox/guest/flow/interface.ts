/**
 * The flow engine runs in the isolate, beside the connector's hooks and wrappers (contract 16). Each of its calls is a
 * run: it reads one page, processes one page, or runs one export or import alone. Arguments and answers are JSON.
 *
 * A connector could forge the engine's answers, so the runtime checks them like any connector's.
 */
type Json = unknown;
type JsonObject = { readonly [key: string]: Json };

/** An export, import, flow or connection as stored, with credentials masked. */
export type FlowRecord = JsonObject & { readonly _id: string };

/** Arguments of every engine call, besides every run's `bearerToken`, `_integrationId`, `_connectorId` and `opts`. */
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
  /** Records on a page. A longer answer is cut into pages. */
  readonly pageRecords: number;
  /** UTF-8 bytes of a page's JSON. A longer page is cut; a single larger record fails. */
  readonly pageBytes: number;
  /** Longest pause for a repeated request within a run. For a longer one, the answer is a `Pause`. */
  readonly pauseMs: number;
  /** Errors in an answer. Further ones are only counted. */
  readonly errors: number;
}

/** `generate`: reads one page of an export and calls `preSavePage`. */
export interface GenerateOptions extends EngineContext {
  readonly export: FlowRecord;
  /** The state that the previous page returned; absent for the first page. */
  readonly state?: Json;
  /** Counts from 0 within this export and job. */
  readonly pageIndex: number;
  /** ISO 8601: the time of the delta export's last completed job, absent at first, and of this job. */
  readonly lastExportDateTime?: string;
  readonly currentExportDateTime: string;
  /** Messages of a webhook export for one page. */
  readonly received?: readonly Json[];
  /** Records from earlier steps, for an export that is a lookup. */
  readonly data?: readonly Json[];
}

export interface GeneratedPage {
  readonly data: readonly Json[];
  /** This is the last page. */
  readonly isLast: boolean;
  /** For the next page's `state`: JSON of at most 64 KiB. */
  readonly state?: Json;
  readonly errors: readonly RecordError[];
  /** Number of errors beyond the limit. */
  readonly errorsDropped: number;
}

/** `process`: sends one page through the flow's page processors. */
export interface ProcessOptions extends EngineContext {
  readonly data: readonly Json[];
  readonly pageIndex: number;
  /** In the flow's order, with their records. */
  readonly processors: readonly Processor[];
  /** Index of the first processor: above 0 for retries of records that failed at a later step. */
  readonly firstProcessor: number;
  /** Prefix of the `Idempotency-Key` of imports' requests: unique per job and page. */
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
  /** Records that fail here go on to the next step anyway. */
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

/** Why a record failed, or an error that did not stop it. */
export interface RecordError {
  readonly code: string;
  readonly message: string;
  /** For example `pre_save_page_hook`, `mapping`, `http`. */
  readonly source: string;
  /** Index of the processor; absent for errors of the export. */
  readonly step?: number;
  /** HTTP status of the application, if it refused the record. */
  readonly statusCode?: number;
  /** The record as this step received it, for a retry from there. Absent if the error did not stop it. */
  readonly retryData?: Json;
}

/**
 * `invoke`: runs one export or import alone. An export returns `{ data }`, an import one result per record of `data`:
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

/** Instead of an answer: nothing of this page counts, call again later. */
export interface Pause {
  readonly pause: { readonly afterMs: number; readonly code: string; readonly message: string };
}

/**
 * Errors that end the page are thrown with one of these codes, or with the connector's own if a hook threw:
 * `connection_offline` (with `_connectionId` in `offline`), `request_failed`, `response_invalid`, `page_too_large`,
 * `hook_failed`, `hook_invalid_response`, `wrapper_invalid_response`, `wrapper_loops`, `mapping_invalid`,
 * `template_invalid`, `unsupported`.
 */
export interface Offline {
  /** The application refused the credentials: a 401, or a wrapper's `connectionOffline`. */
  readonly offline: { readonly _connectionId: string; readonly message: string };
}

export interface FlowEngine {
  generate(options: GenerateOptions, connector: ConnectorFunctions): Promise<GeneratedPage | Pause | Offline>;
  process(options: ProcessOptions, connector: ConnectorFunctions): Promise<ProcessedPage | Pause | Offline>;
  invoke(options: InvokeOptions, connector: ConnectorFunctions): Promise<Json>;
}

export interface ConnectorFunctions {
  /**
   * Calls a function of the connector, in either style. Resolves to its answer, which may be any value. Rejects with
   * what the function threw, or with the code `object_not_found` or `invalid_function`.
   *
   * @param section '' for a function of a flat module
   */
  call(section: string, name: string, options: object): Promise<unknown>;
}
