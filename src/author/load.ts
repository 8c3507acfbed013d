/** Loads an author's bundle in a real compartment. */
import { createSandbox } from '../../sandbox/index.ts';
import type { Connector } from '../connector/bundle.ts';
import { type LoadResult, loadBundle } from '../connector/load-check.ts';
import { objectIds } from '../store/object-id.ts';

/** @throws RequestError `overloaded` if the machine was too busy */
export async function loadConnector(connector: Connector): Promise<LoadResult> {
  const sandbox = createSandbox({ prewarmed: false });
  try {
    return await loadBundle(sandbox, objectIds(), connector, false);
  } finally {
    await sandbox.close();
  }
}
