/** Logs catalog events and forwards them. */
import type { Logger } from 'pino';
import type { CatalogEvents } from './connector/catalog-events.ts';

export function loggedCatalogEvents(logger: Logger, next: Omit<CatalogEvents, 'onError'>): CatalogEvents {
  return {
    onLoaded(connector) {
      const { _id, folder, manifest } = connector;
      logger.info({ event: 'connector_loaded', _connectorId: _id, folder, version: manifest.version });
      next.onLoaded(connector);
    },
    onUnloaded(unloaded) {
      const { _id, folder } = unloaded;
      logger.info({ event: 'connector_unloaded', _connectorId: _id, folder });
      next.onUnloaded(unloaded);
    },
    onRefused(refused, errors) {
      const { folder } = refused;
      const [reason] = errors;
      logger.warn(
        { event: 'connector_refused', folder, errors },
        `the bundle ${folder} is refused: ${reason?.message}`,
      );
      next.onRefused(refused, errors);
    },
    onHeld(connector, adds) {
      const { _id, folder, manifest } = connector;
      const { version } = manifest;
      logger.warn(
        { event: 'connector_held', _connectorId: _id, folder, version, adds },
        `version ${version} of the bundle ${folder} waits for approval`,
      );
      next.onHeld(connector, adds);
    },
    onError: (error) => logger.error({ err: error }, 'the bundles could not be read'),
  };
}
