/** A connector: sections of functions (contract 5). */
import type { Json, JsonObject } from '../json.ts';
import type { Callback, RunOptions } from './options.ts';
import type { Answer, PreUninstallReply, RefreshReply, SettingsReply, StepReply } from './replies.ts';

/** An answer, one to come, or nothing: then it comes by callback, or the reply is `{}`. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function without a return statement is one of the styles
export type Reply<Result> = Result | Promise<Result | undefined | void> | undefined | void;

type Named = { readonly [key: string]: Json | undefined };

// Methods take functions that ask for less or for more of the body; a plain function type would not.
interface Signatures<Body, Result> {
  call(options: RunOptions<Body>, callback: Callback<Result>): Reply<Result>;
}

/** `async (options) => result`, `(options, callback) => …`, or a plain function. `this` is the section. */
export type ConnectorFunction<Result = Answer, Body = Named> = Signatures<Body, Result>['call'];

/** Steps, and what the manifest's `installerFunction` and `updateFunction` name. */
export interface Installer {
  /** A further store of a connector with `supportsMultiStore`. */
  addNewStore?: ConnectorFunction<StepReply>;
  [name: string]: ConnectorFunction<StepReply> | undefined;
}

export interface Settings {
  /** In the place of the runtime's own, which checks `pending` against the form and stores it. */
  persistSettings?: ConnectorFunction<SettingsReply, { readonly pending: JsonObject }>;
  /** Of a field with `supportsRefresh`. */
  refreshMetadata?: ConnectorFunction<RefreshReply, { readonly fieldName: string; readonly storeId?: string }>;
  [name: string]: ConnectorFunction | undefined;
}

/** What the manifest's `preUninstallFunction` and `uninstallerFunction` name, and the steps of a removal. */
export interface Uninstaller {
  [name: string]: ConnectorFunction<StepReply | PreUninstallReply> | undefined;
}

export interface Utilities {
  [name: string]: ConnectorFunction | undefined;
}

export interface Connector {
  installer?: Installer;
  settings?: Settings;
  uninstaller?: Uninstaller;
  utilities?: Utilities;
  hooks?: Utilities;
  wrappers?: Utilities;
}

/** A section that there is not is a name that was misspelt. */
type NoOther<Defined> = { readonly [Section in Exclude<keyof Defined, keyof Connector>]: never };

/**
 * Gives a connector back as it is: it is there so that an editor knows what belongs where.
 *
 * @example
 * import { progress } from 'bulkhead';
 * import { defineConnector, type RunOptions } from 'bulkhead/sdk';
 *
 * export default defineConnector({
 *   installer: {
 *     async checkCity() {
 *       progress(0.5, 'Looking at the map');
 *       return { success: true };
 *     },
 *   },
 *   settings: {
 *     async forecast({ days = 1 }: RunOptions<{ days?: number }>) {
 *       return { forecast: Array(days).fill('sun') };
 *     },
 *   },
 * });
 */
export function defineConnector<const Defined extends Connector>(connector: Defined & NoOther<Defined>): Defined {
  return connector;
}
