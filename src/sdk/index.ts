/**
 * `bulkhead/sdk`: types for connector authors, derived from the schemas that check manifests at run time. Only
 * `defineConnector` remains in a built bundle. For globals see `bulkhead/tsconfig.guest.json`.
 */
export type { ConnectorManifest, InstallStep, Manifest, StepForm } from '../connector/author-manifest.ts';
export type { Field, FieldType, Flow, Section, SettingsForm } from '../connector/settings-form.ts';
export type { Json, JsonObject } from '../json.ts';
export type {
  Connector,
  ConnectorFunction,
  Hooks,
  Installer,
  Reply,
  Settings,
  Uninstaller,
  Utilities,
} from './connector.ts';
export { defineConnector } from './connector.ts';
export type {
  MapReply,
  PostMapOptions,
  PostResponseMapOptions,
  PostSubmitOptions,
  PreMapOptions,
  PreSavePageOptions,
  PreSavePageReply,
  RecordError,
  SubmitResult,
} from './hooks.ts';
export type { Callback, RunOptions } from './options.ts';
export type { RefreshReply, SettingsReply, StepReply, UninstallStep } from './replies.ts';
