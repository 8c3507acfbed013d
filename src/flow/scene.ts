/** Everything that a page of a job needs, read from its integration as it is now. */
import { requestError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import { type Checkpoint, checkpointOf } from './checkpoint.ts';
import { definitionOf, type FlowDefinition } from './definition.ts';
import type { Job } from './job.ts';

export interface Scene {
  readonly unit: UnitOfWork;
  readonly definition: FlowDefinition;
  readonly checkpoint: Checkpoint;
}

/** @throws RequestError `not_found` */
export function sceneIn(unit: UnitOfWork, flowId: string): Scene {
  if (!unit.integration) throw requestError('not_found', { message: 'The integration has been removed.' });
  return { unit, definition: definitionOf(unit, flowId), checkpoint: checkpointOf(unit, flowId) };
}

export const openScene = async (store: Store, { _integrationId, _flowId }: Job): Promise<Scene> =>
  sceneIn(await UnitOfWork.open(store, _integrationId), _flowId);
