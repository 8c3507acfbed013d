/**
 * `bulkhead/sdk`: types for those who write connectors, made from the schemas that check them at run time.
 * All of it but `defineConnector` is gone when a bundle is built; globals are in `bulkhead/tsconfig.guest.json`.
 */
export type { ConnectorManifest, InstallStep, Manifest, StepForm } from '../connector/author-manifest.ts';
export type { Field, FieldType, Flow, Section, SettingsForm } from '../connector/settings-form.ts';
export type { Json, JsonObject } from '../json.ts';
export type {
  Connector,
  ConnectorFunction,
  Installer,
  Reply,
  Settings,
  Uninstaller,
  Utilities,
} from './connector.ts';
export { defineConnector } from './connector.ts';
export type { Callback, RunOptions } from './options.ts';
export type { RefreshReply, SettingsReply, StepReply, UninstallStep } from './replies.ts';
