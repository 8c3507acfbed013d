/** Hooks of exports, imports and flows: the functions that their records name (contract 16). */
import type { Json, JsonObject } from '../json.ts';
import type { ConnectorFunction } from './connector-function.ts';
import type { RunOptions } from './options.ts';
import type { Answer } from './replies.ts';

/** A record on its way through a flow. */
export type DataRecord = JsonObject;

export type DataError = {
  readonly code: string;
  readonly message: string;
  /** Where it comes from; the hook by default. */
  readonly source?: string;
};

/** Settings of the records that take part, if they have any. */
export type FlowSettings = {
  readonly flow?: JsonObject;
  readonly export?: JsonObject;
  readonly import?: JsonObject;
  readonly connection?: JsonObject;
};

/** What every hook and wrapper gets. */
export type FlowOptions = RunOptions<{
  readonly _flowId?: string;
  readonly _connectionId?: string;
  readonly job?: { readonly _id: string };
  readonly settings: FlowSettings;
  readonly testMode: boolean;
  /** `configuration` of the hook or wrapper in its record. */
  readonly configuration?: Json;
}>;

export type ExportOptions = FlowOptions & { readonly _exportId: string };
export type ImportOptions = FlowOptions & { readonly _importId: string };

export type PreSavePageOptions = ExportOptions & {
  readonly data: DataRecord[];
  readonly errors: readonly (DataError & { readonly retryDataKey?: string })[];
  /** Records of the errors, by their `retryDataKey`. */
  readonly retryData: { readonly [key: string]: { readonly data: DataRecord; readonly stage: string } };
  /** Counts from 0 within the export. */
  readonly pageIndex: number;
  /** Of a delta export. */
  readonly lastExportDateTime?: Date;
  readonly currentExportDateTime?: Date;
};

export type PreSavePageResult = {
  /** Any number of records. */
  readonly data: readonly DataRecord[];
  /** By default those that were given. */
  readonly errors?: readonly (DataError & { readonly retryDataKey?: string })[];
  /** The export ends with this page. */
  readonly abort?: boolean;
  readonly newErrorsAndRetryData?: readonly { readonly retryData: DataRecord; readonly errors: readonly DataError[] }[];
};

export type PreMapOptions = ImportOptions & { readonly data: DataRecord[] };
export type PostMapOptions = ImportOptions & { readonly preMapData: DataRecord[]; readonly postMapData: DataRecord[] };

/** `{data}` goes on, `{data, errors}` goes on and is logged, `{errors}` fails, `{}` is ignored. */
export type MapResult = { readonly data?: DataRecord; readonly errors?: readonly DataError[] };

export type ResponseData = {
  /** 200, 422 for an error of the record, or 403 if the connection is offline. */
  readonly statusCode: number;
  readonly errors?: readonly DataError[];
  readonly ignored?: boolean;
  readonly id?: Json;
  /** The application's answer. */
  readonly _json?: Json;
  readonly dataURI?: string;
};

export type PostSubmitOptions = PostMapOptions & { readonly responseData: ResponseData[] };

/** Of a lookup: the records it found are `data`. */
export type StepResponse = ResponseData & { readonly data?: readonly DataRecord[] };

export type PostResponseMapOptions = FlowOptions & {
  readonly _exportId?: string;
  readonly _importId?: string;
  readonly postResponseMapData: DataRecord[];
  /** For steps with `oneToMany` a list for each record. */
  readonly responseData: (StepResponse | readonly StepResponse[])[];
  readonly oneToMany: boolean;
  readonly pathToMany?: string;
};

/** Once for each page of an export. */
export type PreSavePage = ConnectorFunction<PreSavePageResult, PreSavePageOptions>;
/** Before the mapping of an import. As many entries as `data`. */
export type PreMap = ConnectorFunction<readonly MapResult[], PreMapOptions>;
/** After the mapping of an import. As many entries as `postMapData`. */
export type PostMap = ConnectorFunction<readonly MapResult[], PostMapOptions>;
/** After the records were sent. As many entries as `responseData`. */
export type PostSubmit = ConnectorFunction<readonly ResponseData[], PostSubmitOptions>;
/** After a step's `responseMapping`. As many records as `postResponseMapData`. */
export type PostResponseMap = ConnectorFunction<readonly DataRecord[], PostResponseMapOptions>;
/** A `filter` or `inputFilter` of the type `script`. True keeps the record. */
export type FilterScript = ConnectorFunction<boolean, FlowOptions & { readonly record: DataRecord }>;
/** A `transform` of the type `script`. */
export type TransformScript = ConnectorFunction<DataRecord, FlowOptions & { readonly record: DataRecord }>;

/** A function of hooks or wrappers whose type is not declared. */
export type FlowFunction = ConnectorFunction<Answer, { readonly [key: string]: unknown }>;

export interface Hooks {
  [name: string]: FlowFunction | undefined;
}
