/** One entry of the bundles' folder: the version being served, the version on disk, and its row in the listing. */
import type { ErrorItem } from '../errors.ts';
import type { Connector, ConnectorFiles } from './bundle.ts';
import { withoutExtension } from './folder.ts';
import { connectorIdOf, type Manifest } from './manifest.ts';
import { type BundleTextName, bundleTextNames, type Presentation } from './presentation.ts';

/** A version that passed every check but requests permissions nobody granted. */
export interface Candidate extends ConnectorFiles {
  readonly adds: readonly string[];
}

export interface RegistryEntry {
  /** The bundle's name in the folder. */
  readonly folder: string;
  /** Taken just before the last read; unchanged means nothing to do. */
  fingerprint: string;
  /** The last valid manifest: for the listing, and to know which files to fingerprint. */
  manifest?: Manifest;
  /** The version being served: the last one that passed all checks and had its permissions granted. */
  connector?: Connector | undefined;
  /** Of the version being served. */
  presentation?: Presentation | undefined;
  /** The version waiting for approval. */
  candidate?: Candidate | undefined;
  /** Why the version on disk is not served. */
  reasons: readonly ErrorItem[];
  /** About the last version that passed the checks. */
  warnings?: readonly ErrorItem[];
  /** A check is in progress; the entry is rescanned afterwards. */
  isChecking: boolean;
  /** The check failed through no fault of the bundle, and will be repeated. */
  mustRetry?: boolean;
}

/** A version waiting for approval, and what it requests beyond the granted permissions. */
export interface PendingVersion {
  readonly version: string;
  readonly digest: string;
  /** Origin patterns. */
  readonly adds: readonly string[];
  /** `adds` in words. */
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
  /** What its bundle has. */
  readonly texts?: readonly BundleTextName[];
  readonly status: 'ready' | 'held' | 'invalid';
  readonly digest?: string;
  readonly permissions: Manifest['connector']['permissions'] & {};
  readonly limits: Manifest['connector']['limits'] & {};
  /** Called before an integration is removed. */
  readonly preUninstallFunction?: string;
  /** It came through the API, which can remove it. */
  readonly uploaded?: true;
  readonly pending?: PendingVersion;
  readonly errors?: readonly ErrorItem[];
  /** For the author; the connector is served all the same. */
  readonly warnings?: readonly ErrorItem[];
}

const UPLOADED = /^([0-9a-f]{24})\.tgz$/;

/** The name of an uploaded bundle in the bundles' folder. */
export const uploadedEntry = (connectorId: string): string => `${connectorId}.tgz`;

export function rowOf({
  folder,
  connector,
  candidate,
  manifest: lastManifest,
  reasons,
  warnings = [],
  presentation,
}: RegistryEntry): ConnectorRow {
  const manifest = connector?.manifest ?? candidate?.connector.manifest ?? lastManifest;
  const name = manifest?.name ?? withoutExtension(folder);
  const { title, imageURL, permissions, limits, preUninstallFunction, _id } = manifest?.connector ?? {};
  const texts = bundleTextNames.filter((text) => presentation?.texts.has(text));
  const connectorId = connectorIdOf(name, manifest ? _id : UPLOADED.exec(folder)?.[1]);
  return {
    _id: connectorId,
    name,
    title: title ?? name,
    ...(manifest ? { version: manifest.version } : {}),
    ...(manifest?.description === undefined ? {} : { description: manifest.description }),
    ...(imageURL === undefined ? {} : { imageURL }),
    ...(texts.length === 0 ? {} : { texts }),
    status: connector ? 'ready' : candidate ? 'held' : 'invalid',
    ...(connector ? { digest: connector.bundle.digest } : {}),
    permissions: permissions ?? {},
    limits: limits ?? {},
    ...(preUninstallFunction === undefined ? {} : { preUninstallFunction }),
    ...(folder === uploadedEntry(connectorId) ? { uploaded: true } : {}),
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
