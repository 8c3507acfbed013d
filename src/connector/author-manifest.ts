/**
 * The manifest as its author is told to write it. The runtime takes more: keys that it does not know, and any
 * settings. Where the runtime refuses, this does too; beyond it are what the runtime would silently pass over.
 */
import Type, { Compile, type Static, type TProperties } from '#typebox';
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

/** The form of a step: its fields' values are the body of the step's function. */
export type StepForm = Section;
/** A step of an installation. Keys of your own are kept. */
export interface InstallStep extends Static<typeof StepFields> {
  form?: StepForm;
  [own: string]: unknown;
}
/** The `connector` section of a bundle's package.json. */
export interface ConnectorManifest extends Static<typeof ConnectorFields> {
  install?: readonly InstallStep[];
  /** The settings that an integration begins with. */
  settings?: SettingsForm;
}
/** A bundle's package.json. What other tools keep in it is theirs. */
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

/** What the runtime takes in a manifest and makes nothing of. @param manifest one that the runtime takes */
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
  return isJsonObject(step) && isJsonObject(step.form) ? sectionFindings(step.form, `${path}.form`) : [];
}
