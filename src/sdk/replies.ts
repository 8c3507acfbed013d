/** What the runtime understands in a function's answer (contract 6). Further keys reach the caller as they are. */

import type { Static } from 'typebox';
import type { InstallStep } from '../connector/author-manifest.ts';
import type { FieldOption } from '../connector/settings-form.ts';
import type { Json, JsonObject } from '../json.ts';

/** Of a step's function. */
export interface StepReply {
  /** Completes the step whose function this was. */
  success?: boolean;
  /** Changes to steps, found by `installerFunction`, else by `name`. */
  stepsToUpdate?: readonly Partial<InstallStep>[];
  [own: string]: unknown;
}

/** Of a connector's own `persistSettings`. */
export interface SettingsReply {
  success?: boolean;
  pending?: JsonObject;
  [own: string]: Answer;
}

/** Of `refreshMetadata`: the options that a field has now. */
export interface RefreshReply {
  fieldName?: string;
  options?: readonly Static<typeof FieldOption>[];
  [own: string]: Answer;
}

/** A step of a removal; keys of your own are kept. */
export interface UninstallStep {
  name: string;
  description?: string;
  uninstallerFunction?: string;
  completed?: boolean;
  [own: string]: unknown;
}

/** Of the manifest's `preUninstallFunction`. */
export type PreUninstallReply = readonly UninstallStep[] | { removeIntegration: true };

/** What may be answered: plain JSON, in which undefined properties are left out. */
export type Answer = Json | undefined | { readonly [key: string]: Answer } | readonly Answer[];
