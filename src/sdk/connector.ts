/** Types of a connector: sections of functions (contract 5). */
import type { Json, JsonObject } from '../json.ts';
import type { Callback, RunOptions } from './options.ts';
import type { Answer, PreUninstallReply, RefreshReply, SettingsReply, StepReply } from './replies.ts';

/** An answer or a promise of one. Undefined: the answer comes by callback, or is `{}`. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function without a return statement is one of the styles
export type Reply<Result> = Result | Promise<Result | undefined | void> | undefined | void;

type Named = { readonly [key: string]: Json | undefined };

// Method parameters are bivariant, so functions may declare a narrower or wider body.
interface Signatures<Body, Result> {
  call(options: RunOptions<Body>, callback: Callback<Result>): Reply<Result>;
}

/** `async (options) => result`, `(options, callback) => …`, or a plain function. `this` is the section. */
export type ConnectorFunction<Result = Answer, Body = Named> = Signatures<Body, Result>['call'];

/** Functions of install steps, and the manifest's `installerFunction` and `updateFunction`. */
export interface Installer {
  /** Adds a store, if the settings have `supportsMultiStore`. */
  addNewStore?: ConnectorFunction<StepReply>;
  [name: string]: ConnectorFunction<StepReply> | undefined;
}

export interface Settings {
  /** Replaces the built-in function, which checks `pending` against the form and stores it. */
  persistSettings?: ConnectorFunction<SettingsReply, { readonly pending: JsonObject }>;
  /** Returns new options of a field with `supportsRefresh`. */
  refreshMetadata?: ConnectorFunction<RefreshReply, { readonly fieldName: string; readonly storeId?: string }>;
  [name: string]: ConnectorFunction | undefined;
}

/** The manifest's `preUninstallFunction` and `uninstallerFunction`, and functions of uninstall steps. */
export interface Uninstaller {
  [name: string]: ConnectorFunction<StepReply | PreUninstallReply> | undefined;
}

export interface Utilities {
  [name: string]: ConnectorFunction | undefined;
}

/** Functions that exports, imports and flows name in `hooks`, or in `wrapper`. Annotate `options` with their types. */
export interface Hooks {
  [name: string]: ConnectorFunction<Answer, { readonly [key: string]: unknown }> | undefined;
}

export interface Connector {
  installer?: Installer;
  settings?: Settings;
  uninstaller?: Uninstaller;
  utilities?: Utilities;
  hooks?: Hooks;
  wrappers?: Hooks;
}

/** Rejects unknown sections, which are usually misspelt. */
type NoOther<Defined> = { readonly [Section in Exclude<keyof Defined, keyof Connector>]: never };

/**
 * Returns the connector unchanged. Gives editors its types.
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
