/**
 * The manifest as authors should write it: stricter than the runtime, which also accepts unknown keys and any
 * settings. Adds warnings for what the runtime would silently ignore.
 */
import Type, { Compile, type Static, type TProperties } from '#typebox';
import { closestName } from '../did-you-mean.ts';
import type { ErrorItem } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { findings } from '../schema.ts';
import { formFindings, sectionFindings } from './form-findings.ts';
import { Manifest as RuntimeManifest, InstallStep as RuntimeStep } from './manifest.ts';
import type { Section, SettingsForm } from './settings-form.ts';

const { install: _install, settings: _settings, ...connectorFields } = RuntimeManifest.properties.connector.properties;
const { connector: _connector, ...packageFields } = RuntimeManifest.properties;
const { form: _form, ...stepFields } = RuntimeStep.properties;

const StepFields = Type.Object(stepFields);
const ConnectorFields = Type.Object(connectorFields);
const PackageFields = Type.Object(packageFields);

/** A step's form. The step's function gets the fields' values as its body. */
export type StepForm = Section;
/** An installation step. Your own keys are kept. */
export interface InstallStep extends Static<typeof StepFields> {
  form?: StepForm;
  [own: string]: unknown;
}
/** The `connector` section of a bundle's package.json. */
export interface ConnectorManifest extends Static<typeof ConnectorFields> {
  install?: readonly InstallStep[];
  /** The initial settings of an integration. */
  settings?: SettingsForm;
}
/** A bundle's package.json. Keys of other tools are ignored. */
export interface Manifest extends Static<typeof PackageFields> {
  connector: ConnectorManifest;
  [other: string]: unknown;
}

const closed = <Fields extends TProperties>(fields: Fields) => Type.Object(fields, { additionalProperties: false });
const closedConnector = Compile(
  closed({
    ...connectorFields,
    install: Type.Optional(Type.Unknown()),
    settings: Type.Optional(Type.Unknown()),
    permissions: Type.Optional(closed(connectorFields.permissions.properties)),
    limits: Type.Optional(closed(connectorFields.limits.properties)),
  }),
);

/** What the runtime accepts but ignores. @param manifest already accepted by `checkManifest` */
export function authorFindings({ connector }: JsonObject): ErrorItem[] {
  if (!isJsonObject(connector)) return [];
  const unknown = findings(closedConnector, connector).map(({ code, field, message }) => ({
    code,
    field: `connector.${field}`,
    message: `connector.${message}`,
  }));
  const { install, settings } = connector;
  const forms = Array.isArray(install)
    ? install.flatMap((step, i) => stepFindings(step, `connector.install.${i}`))
    : [];
  return [...unknown, ...forms, ...(isJsonObject(settings) ? formFindings(settings, 'connector.settings') : [])];
}

function stepFindings(step: unknown, path: string): ErrorItem[] {
  if (!isJsonObject(step)) return [];
  const keys = misspeltKeys(step, Object.keys(RuntimeStep.properties)).map(({ key, meant }): ErrorItem => {
    const field = `${path}.${key}`;
    return { code: 'invalid_field', field, message: `${field} is a key of your own; did you mean ${meant}?` };
  });
  return [...keys, ...(isJsonObject(step.form) ? sectionFindings(step.form, `${path}.form`) : [])];
}

/** Steps may have other keys, so only those that look like known ones that are missing are reported. */
function misspeltKeys(object: JsonObject, known: readonly string[]): { key: string; meant: string }[] {
  const missing = known.filter((name) => !Object.hasOwn(object, name));
  return Object.keys(object).flatMap((key) => {
    const meant = known.includes(key) ? undefined : closestName(key, missing);
    return meant === undefined ? [] : [{ key, meant }];
  });
}
