/** The connector of integrations without one: no code, no permissions. */

import { OWN_FLOWS } from '../broker/own-flows.ts';
import type { Connector } from '../connector/bundle.ts';

export const ownFlows: Connector = Object.freeze({
  _id: OWN_FLOWS,
  folder: '',
  manifest: { name: OWN_FLOWS, version: '0.0.0', main: 'index.js', connector: {} },
  bundle: Object.freeze({
    connectorId: OWN_FLOWS,
    digest: OWN_FLOWS,
    filename: `${OWN_FLOWS}/index.js`,
    format: 'commonjs',
    code: '',
  }),
});
