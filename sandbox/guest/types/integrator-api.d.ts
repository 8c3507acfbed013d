/**
 * The module `integrator-api`, which `bulkhead build` puts into a bundle that imports it. Unlike in integrator.io, its
 * functions return promises: await them.
 *
 * They reject with the API's `code` and `message`, its `errors` and the `statusCode`.
 */

/** A stored record. */
export interface Saved {
  readonly _id: string;
  readonly [field: string]: unknown;
}

/** Records of the integration whose function runs. */
export interface Resources {
  /** All whose fields have these values. */
  find(query?: { readonly [field: string]: string | number | boolean }): Promise<Saved[]>;
  /** Undefined if there is none. */
  get(_id: string | { readonly _id: string }): Promise<Saved | undefined>;
  create(record: object): Promise<Saved>;
  /** Replaces the record. Fields that are left out stay. */
  update(record: { readonly _id: string }): Promise<Saved>;
  delete(_id: string | { readonly _id: string }): Promise<void>;
}

export declare const connections: Resources;
/** The integration itself. */
export declare const integrations: Resources;

declare const exported: Resources & {
  /** Runs one export. */
  run(options: { readonly _id: string; readonly [option: string]: unknown }): Promise<{ data: unknown[] }>;
};

export { exported as exports };

export declare const imports: Resources & {
  /** Runs one import. @param options `data` is a record, or several @returns a result for each */
  run(options: { readonly _id: string; readonly data?: unknown }): Promise<unknown[]>;
};

export declare const flows: Resources & {
  /** Starts a flow. */
  run(options: { readonly _id: string; readonly [option: string]: unknown }): Promise<{ _jobId: string }>;
};

/** The integration's own values, by key. */
export declare const state: {
  /** The keys. */
  find(): Promise<string[]>;
  /** Undefined if there is none. */
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  /** The same as `set`. */
  create(key: string, value: unknown): Promise<void>;
  /** The same as `set`. */
  update(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
};

/** Their functions reject with the code `ERR_NOT_AVAILABLE`. */
export declare const accessTokens: object;
export declare const asyncHelpers: object;
export declare const fileDefinitions: object;
export declare const lookupCaches: object;
