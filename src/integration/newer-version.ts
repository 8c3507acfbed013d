/** Whether an integration could be moved to another version of its connector. Pure. */
import gt from 'semver/functions/gt.js';
import valid from 'semver/functions/valid.js';
import type { Connector } from '../connector/bundle.ts';
import type { Integration } from './integration.ts';

/** The connector's version if it is newer (semver.org, 11); a version that is none compares with nothing. */
export function newerVersion(integration: Integration, connector: Connector | undefined): string | undefined {
  const { version } = integration;
  if (!connector || version === undefined || valid(version) === null) return undefined;
  const offered = connector.manifest.version;
  return valid(offered) !== null && gt(offered, version) ? offered : undefined;
}
