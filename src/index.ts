/** Public API for embedding. Importing it has no side effects. */

export type { CallableSection as Section } from '../sandbox/index.ts';
export { type ErrorItem, RequestError } from './errors.ts';
export type { Integration } from './integration/integration.ts';
export type { Json, JsonObject } from './json.ts';
export { OptionError, type Options } from './options.ts';
export { createRuntime } from './runtime.ts';
export type { Runtime, RuntimeOptions } from './runtime-interface.ts';
export { StoreError } from './store/store.ts';
