/** Every operation of the API (contract 4), in the order in which it is read. */
import { callOperations } from './calls.ts';
import { connectorOperations } from './connectors.ts';
import { integrationOperations, runOperations, stateOperations } from './integrations.ts';
import type { Operation } from './operation.ts';
import { connectionOperations, recordOperations } from './records.ts';
import { serverOperations } from './server.ts';

export const operations: readonly Operation[] = [
  ...integrationOperations,
  ...callOperations,
  ...runOperations,
  ...stateOperations,
  ...connectorOperations,
  ...recordOperations,
  ...connectionOperations,
  ...serverOperations,
];
