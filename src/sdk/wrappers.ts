/** Wrappers: exports and imports that are functions of the connector (contract 16). */
import type { Json, JsonObject } from '../json.ts';
import type { ConnectorFunction } from './connector-function.ts';
import type { DataError, DataRecord, ExportOptions, FlowFunction, ImportOptions } from './hooks.ts';

/** A connection of the type `wrapper`. */
export type WrapperConnection = JsonObject & {
  readonly _id: string;
  readonly wrapper: {
    /** In clear, for the connector's functions alone. */
    readonly encrypted?: JsonObject;
    readonly unencrypted?: JsonObject;
  };
};

export type WrapperExportOptions = ExportOptions & {
  readonly connection: WrapperConnection;
  /** Absent: everything. */
  readonly type?: 'delta' | 'once' | 'test';
  /** `lastExecutionTime` in milliseconds. */
  readonly delta?: { readonly dateField?: string; readonly lastExecutionTime: number };
  readonly once?: { readonly booleanField?: string };
  readonly test?: { readonly limit: number };
  /** What the answer before gave; absent at first. */
  readonly state?: Json;
  /** For a lookup: the record of the flow, in a list. */
  readonly data?: readonly DataRecord[];
};

export type WrapperExportResult = {
  readonly data: readonly DataRecord[];
  readonly errors?: readonly DataError[];
  readonly lastPage?: boolean;
  /** At most 64 KiB of JSON. */
  readonly state?: Json;
  /** Takes the connection offline and ends the export. */
  readonly connectionOffline?: boolean;
};

export type WrapperImportOptions = ImportOptions & {
  readonly connection: WrapperConnection;
  readonly preMapData: readonly DataRecord[];
  readonly postMapData: readonly DataRecord[];
};

export type WrapperImportResult = {
  /** 401 takes the connection offline. */
  readonly statusCode: 200 | 401 | 422;
  readonly id?: Json;
  readonly ignored?: boolean;
  /** With 200: the record was sent all the same. */
  readonly errors?: readonly DataError[];
};

/** Called again and again until `lastPage`. */
export type WrapperExport = ConnectorFunction<WrapperExportResult, WrapperExportOptions>;
/** Once for each page. As many entries as `postMapData`. */
export type WrapperImport = ConnectorFunction<readonly WrapperImportResult[], WrapperImportOptions>;

export interface Wrappers {
  [name: string]: FlowFunction | undefined;
}
