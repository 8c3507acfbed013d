/** Types of a connector: sections of functions (contract 5). */
import type { JsonObject } from '../json.ts';
import type { ConnectorFunction } from './connector-function.ts';
import type { Hooks } from './hooks.ts';
import type { PreUninstallReply, RefreshReply, SettingsReply, StepReply } from './replies.ts';
import type { Wrappers } from './wrappers.ts';

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

export interface Connector {
  installer?: Installer;
  settings?: Settings;
  uninstaller?: Uninstaller;
  utilities?: Utilities;
  /** Named by `hooks` of exports, imports and page processors. */
  hooks?: Hooks;
  /** Named by `wrapper.function` of exports and imports. */
  wrappers?: Wrappers;
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
