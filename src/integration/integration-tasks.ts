/** Tasks that change an integration by JSON. Large ones run in the pool. */
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { type BodyLimits, objectOf, parseBody, parseJson, userBodyLimits } from '../parse-body.ts';
import { type Projection, project } from '../projection.ts';
import { tasksOf } from '../work/work.ts';
import {
  afterSteps,
  assertIntegration,
  connectorChange,
  diyFields,
  type Integration,
  userChange,
} from './integration.ts';
import { persistSettings } from './persist-settings.ts';
import { completeSteps, isSuccess, mergeSteps, uninstallSteps } from './steps.ts';

/** A changed integration, with its settings apart. */
export interface Change {
  readonly integration: Integration;
  /** JSON of the new settings. Absent: unchanged. */
  readonly text?: Buffer | undefined;
}

export interface PutInput {
  readonly body: Uint8Array;
  readonly limits: BodyLimits;
  /** Without its settings. */
  readonly current: Integration;
  readonly settings: Uint8Array | undefined;
  /** The connector's run writes, not a user. */
  readonly isRun: boolean;
  /** An update is running. Users see it as `updateInProgress`. */
  readonly isUpdating: boolean;
}

function put({ body, limits, current, settings, isRun, isUpdating }: PutInput): Change {
  const value = objectOf(parseBody(body, limits));
  // Stored settings are parsed only if needed, as they may be large.
  const isAboutSettings = Object.hasOwn(value, 'settings');
  const areCompared = isAboutSettings && !isRun && current._connectorId !== undefined;
  const whole = areCompared && settings ? { ...current, settings: parse(settings) as JsonObject } : current;
  const shown = isUpdating ? { ...whole, updateInProgress: true } : whole;
  const next = isRun ? connectorChange(whole, value) : userChange(whole, shown, value);
  return changeOf(next, isAboutSettings && (isRun || current._connectorId === undefined));
}

function create({ body, fixed }: { readonly body: Uint8Array; readonly fixed: JsonObject }): Change {
  const value = objectOf(parseBody(body, userBodyLimits));
  return changeOf({ ...fixed, ...diyFields(value) }, Object.hasOwn(value, 'settings'));
}

function changeOf(next: JsonObject, hasSettings: boolean): Change {
  assertIntegration(next);
  const { settings, ...integration } = next;
  return {
    integration: integration as Integration,
    ...(hasSettings ? { text: Buffer.from(JSON.stringify(settings)) } : {}),
  };
}

export interface PersistInput {
  readonly settings: Uint8Array | undefined;
  /** JSON of the call's options. */
  readonly body: Uint8Array;
}

/** The built-in `persistSettings`. */
function persist({ settings, body }: PersistInput): { readonly text: Buffer; readonly reply: string } {
  const { pending } = parse(body) as JsonObject;
  const next = persistSettings((settings ? parse(settings) : {}) as JsonObject, pending);
  assertSettings(next);
  return {
    text: Buffer.from(JSON.stringify(next)),
    reply: JSON.stringify({ success: true, pending: pending ?? {} }),
  };
}

function assertSettings(settings: JsonObject): void {
  assertIntegration({ ...NAMED, settings });
}
const NAMED = { name: 'settings alone' };

export interface ReplyInput {
  readonly reply: string;
  /** When the function was called, without settings. */
  readonly before: Integration;
  readonly current: Integration;
  readonly name: string;
}

/**
 * Merges the steps in an installer's reply and completes the function's own step, unless the function wrote the steps
 * itself. With no step left, the integration is ready.
 */
function installerReply({ reply: text, before, current, name }: ReplyInput): Integration {
  const reply = parseReply(text);
  let steps = current.install ?? [];
  if (isJsonObject(reply)) steps = mergeSteps(steps, reply.stepsToUpdate) as typeof steps;
  const wroteSteps = !isDeepStrictEqual(current.install, before.install);
  if (isSuccess(reply) && !wroteSteps) steps = completeSteps(steps, 'installerFunction', name) as typeof steps;
  const next = { ...current, install: steps };
  return validated(current, current.mode !== before.mode ? next : afterSteps(next));
}

/** Stores the steps that a pre-uninstall function returns, so that the uninstall can be resumed. */
function preUninstallReply({ reply: text, current }: ReplyInput): Integration {
  const reply = parseReply(text);
  const isOver = isJsonObject(reply) && reply.removeIntegration === true;
  if (!Array.isArray(reply) && !isOver) return current;
  const steps = Array.isArray(reply) ? uninstallSteps(reply) : [];
  return validated(current, { ...current, mode: 'uninstall', uninstall: [...steps] });
}

function uninstallerReply({ reply: text, current, name }: ReplyInput): Integration {
  if (!isSuccess(parseReply(text)) || !current.uninstall) return current;
  return validated(current, {
    ...current,
    uninstall: [...completeSteps(current.uninstall, 'uninstallerFunction', name)],
  });
}

const parseReply = (text: string): Json => parseJson(text, answerLimits);
const answerLimits: BodyLimits = { parts: 250_000, items: 500_000 };

/** @throws RequestError if a reply makes the integration invalid */
function validated(current: Integration, next: Integration): Integration {
  if (isDeepStrictEqual(current, next)) return current;
  assertIntegration(next);
  return next;
}

function projected({
  integration,
  projection,
}: {
  readonly integration: Uint8Array;
  readonly projection: Projection;
}): {
  readonly text: Buffer;
} {
  return { text: Buffer.from(JSON.stringify(project(parse(integration) as JsonObject, projection))) };
}

const parse = (bytes: Uint8Array): Json => parseBody(bytes, userBodyLimits);

export const tasks = tasksOf(import.meta.url, {
  put,
  create,
  persist,
  installerReply,
  preUninstallReply,
  uninstallerReply,
  projected,
});
