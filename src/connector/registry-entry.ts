/** A place in the bundles' folder: what serves from it, what lies in it, and how that is listed. */
import type { ErrorItem } from '../errors.ts';
import type { Connector, ConnectorFiles } from './bundle.ts';
import { withoutExtension } from './folder.ts';
import type { Image } from './image.ts';
import { connectorIdOf, type Manifest } from './manifest.ts';

/** A version that has passed every check and asks for more than was accepted. */
export interface Candidate extends ConnectorFiles {
  readonly adds: readonly string[];
}

export interface RegistryEntry {
  /** Its name in the folder. */
  readonly folder: string;
  /** Of the files as they were before they were read last; the same again means nothing to do. */
  fingerprint: string;
  /** The last manifest that could be read, for the listing and for knowing the second file. */
  manifest?: Manifest;
  /** The version that serves: the last one that passed and was accepted. */
  connector?: Connector | undefined;
  /** That version's own image. */
  image?: Image | undefined;
  /** The version that waits to be approved. */
  candidate?: Candidate | undefined;
  /** What is wrong with the version that lies there now. */
  reasons: readonly ErrorItem[];
  /** What is odd about the last version that passed the checks. */
  warnings?: readonly ErrorItem[];
  /** Its present version is being checked; it is looked at again afterwards. */
  isChecking: boolean;
}

/** What a version that waits asks for beyond what was accepted. */
export interface PendingVersion {
  readonly version: string;
  readonly digest: string;
  /** Patterns of origins. */
  readonly adds: readonly string[];
  /** The same, for people. */
  readonly sentences: readonly string[];
}

/** One row of `GET /connectors`. */
export interface ConnectorRow {
  readonly _id: string;
  readonly name: string;
  readonly title: string;
  readonly version?: string;
  readonly description?: string;
  readonly imageURL?: string;
  readonly status: 'ready' | 'held' | 'invalid';
  readonly digest?: string;
  readonly permissions: Manifest['connector']['permissions'] & {};
  readonly limits: Manifest['connector']['limits'] & {};
  /** What is called before an integration is removed. */
  readonly preUninstallFunction?: string;
  readonly pending?: PendingVersion;
  readonly errors?: readonly ErrorItem[];
  /** What its author should know, although it serves. */
  readonly warnings?: readonly ErrorItem[];
}

const UPLOADED = /^([0-9a-f]{24})\.tgz$/;

/** What the bundle of an upload is called in the bundles' folder. */
export const uploadedEntry = (connectorId: string): string => `${connectorId}.tgz`;

export function rowOf({
  folder,
  connector,
  candidate,
  manifest: read,
  reasons,
  warnings = [],
}: RegistryEntry): ConnectorRow {
  const manifest = connector?.manifest ?? candidate?.connector.manifest ?? read;
  const name = manifest?.name ?? withoutExtension(folder);
  const { title, imageURL, permissions, limits, preUninstallFunction, _id } = manifest?.connector ?? {};
  return {
    _id: connectorIdOf(name, manifest ? _id : UPLOADED.exec(folder)?.[1]),
    name,
    title: title ?? name,
    ...(manifest ? { version: manifest.version } : {}),
    ...(manifest?.description === undefined ? {} : { description: manifest.description }),
    ...(imageURL === undefined ? {} : { imageURL }),
    status: connector ? 'ready' : candidate ? 'held' : 'invalid',
    ...(connector ? { digest: connector.bundle.digest } : {}),
    permissions: permissions ?? {},
    limits: limits ?? {},
    ...(preUninstallFunction === undefined ? {} : { preUninstallFunction }),
    ...(candidate ? { pending: pendingOf(candidate) } : {}),
    ...(reasons.length > 0 ? { errors: reasons } : {}),
    ...(warnings.length > 0 && (connector || candidate) ? { warnings } : {}),
  };
}

function pendingOf({ connector: { manifest, bundle }, adds }: Candidate): PendingVersion {
  return { version: manifest.version, digest: bundle.digest, adds, sentences: adds.map(describe) };
}

function describe(pattern: string): string {
  const [, host] = /^https?:\/\/\*\.([^/]+)/i.exec(pattern) ?? [];
  return `may also reach ${pattern}${host === undefined ? '' : `, which is every name directly under ${host}`}`;
}
