/** Answers the runtime understands (contract 6). Other keys reach the caller unchanged. */

import type { Static } from 'typebox';
import type { InstallStep } from '../connector/author-manifest.ts';
import type { FieldOption } from '../connector/settings-form.ts';
import type { Json, JsonObject } from '../json.ts';

/** Answer of a step's function. */
export interface StepReply {
  /** Completes the step. */
  success?: boolean;
  /** Changes to steps, matched by `installerFunction` or else by `name`. */
  stepsToUpdate?: readonly Partial<InstallStep>[];
  [own: string]: unknown;
}

/** Answer of a connector's own `persistSettings`. */
export interface SettingsReply {
  success?: boolean;
  pending?: JsonObject;
  [own: string]: Answer;
}

/** Answer of `refreshMetadata`: the field's new options. */
export interface RefreshReply {
  fieldName?: string;
  options?: readonly Static<typeof FieldOption>[];
  [own: string]: Answer;
}

/** An uninstall step. Your own keys are kept. */
export interface UninstallStep {
  name: string;
  description?: string;
  uninstallerFunction?: string;
  completed?: boolean;
  [own: string]: unknown;
}

/** Answer of the manifest's `preUninstallFunction`. */
export type PreUninstallReply = readonly UninstallStep[] | { removeIntegration: true };

/** Any answer: plain JSON. Undefined properties are omitted. */
export type Answer = Json | undefined | { readonly [key: string]: Answer } | readonly Answer[];
