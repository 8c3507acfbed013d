/** What happens to bundles, for the log and for followers. */
import type { ErrorItem } from '../errors.ts';
import type { Connector } from './bundle.ts';

export interface RegistryEvents {
  /** The connector is being served. */
  onLoaded(connector: Connector): void;
  /** The bundle was removed, whether it was ever served or not. */
  onUnloaded(connector: Pick<Connector, '_id' | 'folder'>): void;
  onRefused(refused: Pick<Connector, '_id' | 'folder'>, reasons: readonly ErrorItem[]): void;
}

export interface CatalogEvents extends RegistryEvents {
  /** A version waits for approval. */
  onHeld(connector: Connector, adds: readonly string[]): void;
  /** The folder could not be listed, or a check failed through no fault of the bundle. */
  onError(error: unknown): void;
}

/** `changed`: a different version is waiting now. */
export type Approval = 'approved' | 'changed';
