/**
 * `bulkhead/sdk`: types for connector authors, derived from the schemas that check manifests at run time. Only
 * `defineConnector` remains in a built bundle. For globals see `bulkhead/tsconfig.guest.json`.
 */
export type { ConnectorManifest, InstallStep, Manifest, StepForm } from '../connector/author-manifest.ts';
export type { Field, FieldType, Flow, Section, SettingsForm } from '../connector/settings-form.ts';
export type { Json, JsonObject } from '../json.ts';
export type { Connector, Installer, Settings, Uninstaller, Utilities } from './connector.ts';
export { defineConnector } from './connector.ts';
export type { ConnectorFunction, Reply } from './connector-function.ts';
export type {
  DataError,
  DataRecord,
  ExportOptions,
  FilterScript,
  FlowOptions,
  FlowSettings,
  Hooks,
  ImportOptions,
  MapResult,
  PostMap,
  PostMapOptions,
  PostResponseMap,
  PostResponseMapOptions,
  PostSubmit,
  PostSubmitOptions,
  PreMap,
  PreMapOptions,
  PreSavePage,
  PreSavePageOptions,
  PreSavePageResult,
  ResponseData,
  StepResponse,
  TransformScript,
} from './hooks.ts';
export type { Callback, RunOptions } from './options.ts';
export type { RefreshReply, SettingsReply, StepReply, UninstallStep } from './replies.ts';
export type {
  WrapperConnection,
  WrapperExport,
  WrapperExportOptions,
  WrapperExportResult,
  WrapperImport,
  WrapperImportOptions,
  WrapperImportResult,
  Wrappers,
} from './wrappers.ts';
