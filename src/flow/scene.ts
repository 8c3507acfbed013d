/** Everything a page of a job needs, read from the integration's current version. */
import { requestError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import { type Checkpoint, checkpointOf } from './checkpoint.ts';
import { definitionOf, type FlowDefinition, stepIdsOf } from './definition.ts';
import type { Job } from './job.ts';

export interface Scene {
  readonly unit: UnitOfWork;
  readonly definition: FlowDefinition;
  readonly checkpoint: Checkpoint;
}

/** @throws RequestError `not_found`; `flow_changed` if the flow's exports or steps have changed since its job began */
export function sceneIn(unit: UnitOfWork, flowId: string): Scene {
  if (!unit.integration) throw requestError('not_found', { message: 'The integration has been removed.' });
  const scene = { unit, definition: definitionOf(unit, flowId), checkpoint: checkpointOf(unit, flowId) };
  const { steps } = scene.checkpoint.job ?? {};
  if (steps && steps.join() !== stepIdsOf(scene.definition).join()) throw requestError('flow_changed');
  return scene;
}

export const openScene = async (store: Store, { _integrationId, _flowId }: Job): Promise<Scene> =>
  sceneIn(await UnitOfWork.open(store, _integrationId), _flowId);
