/** The integration: its fields, who may write them, and its modes (contract 4 and 6). Pure. */
import { isDeepStrictEqual } from 'node:util';
import Type, { Compile, type Static } from '#typebox';
import { InstallStep, settingsProblem, stepsProblem } from '../connector/manifest.ts';
import { fieldErrors } from '../errors.ts';
import { AnyObject, isJsonObject, isStorable, type Json, type JsonObject } from '../json.ts';
import { findings } from '../schema.ts';
import type { DocumentJson, Stored } from '../store/stored.ts';

export const modes = ['install', 'settings', 'uninstall'] as const;
export type Mode = (typeof modes)[number];

const Text = Type.String({ maxLength: 10_000 });
const userFields = {
  name: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }),
  description: Type.Optional(Text),
  readme: Type.Optional(Type.String({ maxLength: 200_000 })),
  tag: Type.Optional(Type.String({ maxLength: 200 })),
  sandbox: Type.Optional(Type.Boolean()),
};
const connectorFields = {
  mode: Type.Optional(Type.Enum([...modes])),
  settings: Type.Optional(AnyObject),
  version: Type.Optional(Type.String({ maxLength: 100 })),
  updateInProgress: Type.Optional(Type.Boolean()),
  install: Type.Optional(Type.Array(InstallStep, { maxItems: 1000 })),
  /** Steps returned by a pre-uninstall function. */
  uninstall: Type.Optional(Type.Array(AnyObject, { maxItems: 1000 })),
};

/** Fields of an integration, besides those of every record. */
export const IntegrationFields = Type.Object({
  ...userFields,
  ...connectorFields,
  _connectorId: Type.Optional(Type.String({ pattern: '^[0-9a-f]{24}$' })),
});
/** In most code `settings` is kept apart, as it may be large. */
export type Integration = Stored & Static<typeof IntegrationFields>;

const validIntegration = Compile(IntegrationFields);

/** Body of an install. */
export const InstallBody = Type.Object({ ...userFields, name: Type.Optional(userFields.name) });
export const installBody = Compile(InstallBody);
/** Body of POST: an integration without a connector (DIY). */
export const DiyBody = Type.Object({ ...userFields, settings: connectorFields.settings });
/** Body of PUT. Fields left out stay. */
export const IntegrationChange = Type.Object({
  ...userFields,
  ...connectorFields,
  name: Type.Optional(userFields.name),
});

const userNames = Object.keys(userFields);
const connectorNames = Object.keys(connectorFields);

/** Why a stored integration is not valid. */
export function integrationProblem({ integration }: DocumentJson): string | undefined {
  const [first] = findings(validIntegration, integration);
  return first?.message;
}

/** Fields other than settings, which have a limit of their own. */
const DEPTH_LIMIT = 100;

export function assertIntegration(value: JsonObject): asserts value is Integration {
  const found = findings(validIntegration, value);
  const { settings, ...others } = value;
  for (const [field, other] of Object.entries(others)) {
    const problem = valueProblem(field, other);
    if (problem) found.push({ code: 'invalid_field', field, message: `${field} ${problem}` });
  }
  const problem = isJsonObject(settings) ? settingsProblem(settings) : undefined;
  if (problem) found.push({ code: 'invalid_field', field: 'settings', message: problem });
  if (found.length > 0) throw fieldErrors(found);
}

function valueProblem(field: string, value: Json): string | undefined {
  if (['install', 'uninstall'].includes(field) && Array.isArray(value)) {
    const problem = stepsProblem(value.filter(isJsonObject));
    if (problem) return problem;
  }
  return isStorable(value, DEPTH_LIMIT) ? undefined : `nests deeper than ${DEPTH_LIMIT} levels`;
}

function pick(body: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(body, name)).map((name) => [name, body[name] ?? null]),
  );
}

/** The fields a user may write to a DIY integration. Of the connector's fields only `settings`. */
export function diyFields(body: JsonObject): JsonObject {
  const foreign = ['_connectorId', ...connectorNames].filter(
    (name) => name !== 'settings' && Object.hasOwn(body, name),
  );
  if (foreign.length > 0) {
    throw fieldErrors(
      foreign.map((field) => ({
        code: 'invalid_field',
        field,
        message: `${field} exists only on integrations that a connector installed: POST /integrations/{_connectorId}/install`,
      })),
    );
  }
  return pick(body, [...userNames, 'settings']);
}

/**
 * PUT by a user. Fields left out stay. The connector's fields must equal what the user sees.
 *
 * @param shown the integration as the user sees it
 */
export function userChange(current: Integration, shown: Integration, body: JsonObject): JsonObject {
  if (current._connectorId === undefined) return { ...current, ...diyFields(body) };
  const locked = ['_connectorId', ...connectorNames].filter(
    (name) => Object.hasOwn(body, name) && !isDeepStrictEqual(body[name], shown[name]),
  );
  if (locked.length > 0) {
    throw fieldErrors(locked.map((field) => ({ code: 'field_locked_by_integration_app', field })));
  }
  return { ...current, ...pick(body, userNames) };
}

/** PUT by the connector's own run, which may write every field but the runtime's. */
export function connectorChange(current: Integration, body: JsonObject): JsonObject {
  if (Object.hasOwn(body, '_connectorId') && body._connectorId !== current._connectorId) {
    throw fieldErrors([
      { code: 'invalid_field', field: '_connectorId', message: '_connectorId is set by the runtime' },
    ]);
  }
  if (body.updateInProgress === true && current.updateInProgress !== true) {
    throw fieldErrors([
      { code: 'invalid_field', field: 'updateInProgress', message: 'updateInProgress is set by the runtime' },
    ]);
  }
  return { ...current, ...pick(body, [...userNames, ...connectorNames]) };
}

/** Ends the install mode if no step is left. */
export function afterSteps(integration: Integration): Integration {
  const done = (integration.install ?? []).every(({ completed }) => completed === true);
  return done && integration.mode === 'install' ? { ...integration, mode: 'settings' } : integration;
}

/** The integration as it was before its removal began; undefined if none has begun, or a step of it is completed. */
export function withoutRemoval(integration: Integration): Integration | undefined {
  const { uninstall = [], ...rest } = integration;
  if (integration.mode !== 'uninstall' || uninstall.some(({ completed }) => completed === true)) return undefined;
  return afterSteps({ ...rest, mode: 'install' });
}
