/** The library's door. Importing it has no effect. */

export { type ErrorItem, RequestError } from './errors.ts';
export type { Section } from './integration/dispatch.ts';
export type { Integration } from './integration/integration.ts';
export type { Json, JsonObject } from './json.ts';
export { OptionError, type Options } from './options.ts';
export { createRuntime, type Runtime, type RuntimeOptions } from './runtime.ts';
export { StoreError } from './store/store.ts';
