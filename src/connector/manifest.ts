/** The manifest: a bundle's package.json with a `connector` section (contract 7). */
import { createHash } from 'node:crypto';
import Type, { Compile, type Static } from '#typebox';
import { isOriginPattern } from '../broker/origin-permissions.ts';
import type { ErrorItem } from '../errors.ts';
import { AnyObject, isLongerThan, isStorable, type Json, type JsonObject } from '../json.ts';
import { findings } from '../schema.ts';
import { versionProblem } from './version.ts';

const Text = Type.String({ maxLength: 10_000 });
const Name = Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' });
const FunctionName = Type.String({ minLength: 1, maxLength: 200 });

/** An installation step. Other keys belong to the connector and are kept. */
export const InstallStep = Type.Object({
  name: Name,
  description: Type.Optional(Text),
  imageURL: Type.Optional(Text),
  installURL: Type.Optional(Text),
  completed: Type.Optional(Type.Boolean()),
  installerFunction: Type.Optional(FunctionName),
  uninstallerFunction: Type.Optional(FunctionName),
  _connectionId: Type.Optional(Text),
  form: Type.Optional(AnyObject),
});
export type InstallStep = Static<typeof InstallStep> & { readonly [field: string]: Json };

const OriginPattern = Type.Refine(
  Type.String({ maxLength: 2000 }),
  isOriginPattern,
  () => 'must be an origin such as https://api.example.com or https://*.example.com',
);

const ConnectorSection = Type.Object({
  _id: Type.Optional(Type.String({ pattern: '^[0-9a-f]{24}$' })),
  title: Type.Optional(Name),
  imageURL: Type.Optional(Text),
  installerFunction: Type.Optional(FunctionName),
  updateFunction: Type.Optional(FunctionName),
  preUninstallFunction: Type.Optional(FunctionName),
  uninstallerFunction: Type.Optional(FunctionName),
  install: Type.Optional(Type.Array(InstallStep, { maxItems: 1000 })),
  settings: Type.Optional(AnyObject),
  opts: Type.Optional(AnyObject),
  permissions: Type.Optional(Type.Object({ fetch: Type.Optional(Type.Array(OriginPattern, { maxItems: 100 })) })),
  /** False: commit each request of a run separately, for connectors that resume after an interruption. */
  transactional: Type.Optional(Type.Boolean()),
  /** Functions may be outside sections, for stacks of the original platform. */
  diy: Type.Optional(Type.Boolean()),
  limits: Type.Optional(
    Type.Object({
      timeoutMs: Type.Optional(Type.Integer({ minimum: 1 })),
      cpuMs: Type.Optional(Type.Integer({ minimum: 1 })),
      memoryMb: Type.Optional(Type.Integer({ minimum: 8 })),
    }),
  ),
});

export const Manifest = Type.Object({
  name: Name,
  version: Type.Refine(
    Type.String({ maxLength: 100 }),
    (version) => versionProblem(version) === undefined,
    (version) => versionProblem(version) ?? '',
  ),
  description: Type.Optional(Text),
  // Must be where changes are watched: not hidden, not in node_modules, not too deep.
  main: Type.String({
    pattern: '^(?:\\./)?(?!(?:.*/)?(?:node_modules|\\.[^./][^/]*)(?:/|$))(?:[^/\\\\]+/){0,6}[^/\\\\]+$',
    maxLength: 500,
  }),
  type: Type.Optional(Type.Enum(['commonjs', 'module'])),
  connector: ConnectorSection,
});
export type Manifest = Static<typeof Manifest>;

const validManifest = Compile(Manifest);

export type ManifestCheckResult =
  | { readonly manifest: Manifest; readonly reasons?: never }
  | { readonly manifest?: never; readonly reasons: readonly ErrorItem[] };

const SETTINGS_LIMIT_BYTES = 5 * 1024 * 1024;
const MAX_DEPTH = 100;

/** Limits of settings, in manifests and integrations. */
export function settingsProblem(settings: JsonObject): string | undefined {
  const tooLarge = `settings are larger than ${SETTINGS_LIMIT_BYTES} bytes`;
  if (isLongerThan(settings, SETTINGS_LIMIT_BYTES)) return tooLarge;
  if (!isStorable(settings, MAX_DEPTH)) {
    return `settings nest deeper than ${MAX_DEPTH} levels or contain a number that JSON cannot represent`;
  }
  const bytes = Buffer.byteLength(JSON.stringify(settings));
  return bytes > SETTINGS_LIMIT_BYTES ? tooLarge : undefined;
}

/** Per step, including the connector's own keys. */
const MAX_STEP_KEYS = 100;
/** All steps together, keys and values. */
const MAX_STEPS_CHARS = 256 * 1024;

/** Limits of steps, which are always sent and rewritten as a whole. */
export function stepsProblem(steps: readonly JsonObject[]): string | undefined {
  if (steps.some((step) => Object.keys(step).length > MAX_STEP_KEYS))
    return `has a step with more than ${MAX_STEP_KEYS} keys`;
  return isLongerThan(steps, MAX_STEPS_CHARS) ? `is longer than ${MAX_STEPS_CHARS} characters` : undefined;
}

export function checkManifest(value: unknown): ManifestCheckResult {
  const reasons = findings(validManifest, value);
  if (reasons.length > 0) return { reasons };
  const manifest = value as Manifest;
  const refuse = (field: string, message: string): ManifestCheckResult => ({
    reasons: [{ code: 'invalid_field', field, message }],
  });
  if (!isStorable(manifest.connector, MAX_DEPTH)) {
    return refuse('connector', `connector nests deeper than ${MAX_DEPTH} levels`);
  }
  const stepsFault = stepsProblem((manifest.connector.install ?? []) as readonly InstallStep[]);
  if (stepsFault !== undefined) return refuse('connector.install', `connector.install ${stepsFault}`);
  const problem = settingsProblem(manifest.connector.settings ?? {});
  return problem === undefined ? { manifest } : refuse('connector.settings', problem);
}

/** The manifest's id, or one derived from the bundle's name and so equal on every machine. */
export function connectorIdOf(name: string, id?: string): string {
  return id ?? createHash('sha256').update(`bulkhead connector ${name}`).digest('hex').slice(0, 24);
}
