/** Arguments and answers of hooks, which a flow calls for each page (contract 16). */
import type { Json, JsonObject } from '../json.ts';
import type { RunOptions } from './options.ts';

/** Why a record was not processed. */
export type RecordError = {
  code: string;
  message: string;
  source?: string;
  /** In `errors` of an export's hook: the key in `retryData`. */
  retryDataKey?: string;
};

type FlowContext = {
  readonly _flowId?: string;
  readonly _connectionId?: string;
  readonly settings?: JsonObject;
  /** The page is a preview. */
  readonly testMode?: boolean;
};
type ExportContext = FlowContext & { readonly _exportId: string };
type ImportContext = FlowContext & { readonly _importId: string };

/**
 * An export's `preSavePage`: called with each page before it goes on.
 *
 * @example
 * import type { PreSavePageOptions, PreSavePageReply } from 'bulkhead/sdk';
 *
 * type Order = { id: string; status: string };
 *
 * function dropDrafts({ data, errors }: PreSavePageOptions<Order>): PreSavePageReply<Order> {
 *   return { data: data.filter(({ status }) => status !== 'draft'), errors };
 * }
 */
export type PreSavePageOptions<Row extends JsonObject = JsonObject> = RunOptions<
  ExportContext & {
    readonly data: readonly Row[];
    readonly errors: readonly RecordError[];
    /** 0 for the first page. */
    readonly pageIndex: number;
    /** Of an export of type `delta`. */
    readonly lastExportDateTime?: Date;
    readonly currentExportDateTime?: Date;
  }
>;
export type PreSavePageReply<Row extends JsonObject = JsonObject> = {
  /** The page as it goes on; it may be longer or shorter. */
  data: readonly Row[];
  errors?: readonly RecordError[];
  /** True: this is the last page. */
  abort?: boolean;
  newErrorsAndRetryData?: readonly { retryData: Row; errors: readonly RecordError[] }[];
};

/** For each record, in the same order: `data` goes on, `errors` are reported, and `{}` drops the record. */
export type MapReply<Row extends JsonObject = JsonObject> = readonly {
  data?: Row;
  errors?: readonly RecordError[];
}[];

/** An import's `preMap`: called with each page before the mapping. Answer a `MapReply`. */
export type PreMapOptions<Row extends JsonObject = JsonObject> = RunOptions<
  ImportContext & { readonly data: readonly Row[] }
>;

/** An import's `postMap`: called with each page after the mapping. Answer a `MapReply`. */
export type PostMapOptions<Row extends JsonObject = JsonObject, Mapped extends JsonObject = JsonObject> = RunOptions<
  ImportContext & { readonly preMapData: readonly Row[]; readonly postMapData: readonly Mapped[] }
>;

/** What became of a record. */
export type SubmitResult = {
  /** 200, 422 (the record was refused) or 403 (the connection is offline). */
  statusCode: number;
  errors?: readonly RecordError[];
  ignored?: boolean;
  /** Its id in the application. */
  id?: string;
  /** The application's answer. */
  _json?: Json;
  dataURI?: string;
};

/** An import's `postSubmit`: called with each page after it was sent. Answer `responseData`, in the same order. */
export type PostSubmitOptions<Row extends JsonObject = JsonObject, Mapped extends JsonObject = JsonObject> = RunOptions<
  ImportContext & {
    readonly preMapData: readonly Row[];
    readonly postMapData: readonly Mapped[];
    readonly responseData: readonly SubmitResult[];
  }
>;

/** A flow step's `postResponseMap`: called with each page before the next step. Answer `postResponseMapData`. */
export type PostResponseMapOptions<Row extends JsonObject = JsonObject> = RunOptions<
  FlowContext & {
    readonly _exportId?: string;
    readonly _importId?: string;
    readonly postResponseMapData: readonly Row[];
    readonly responseData: readonly (SubmitResult & { readonly data?: readonly JsonObject[] })[];
  }
>;
