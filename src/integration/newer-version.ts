/** Whether an integration can be updated to a newer version of its connector. Pure. */
import type { Connector } from '../connector/bundle.ts';
import { isNewer } from '../connector/version.ts';
import type { Integration } from './integration.ts';

/** The connector's version, if it is newer (semver.org, 11). Undefined if either is not a valid version. */
export function newerVersion({ version }: Integration, connector: Connector | undefined): string | undefined {
  if (!connector || version === undefined) return undefined;
  const offered = connector.manifest.version;
  return isNewer(offered, version) ? offered : undefined;
}
