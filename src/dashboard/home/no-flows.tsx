import type { Tile } from '../api/types.ts';
import { flowsHref } from '../flows/flow-href.ts';

interface NoFlowsProps {
  /** An integration with flows, if there is one. */
  readonly tile: Tile | undefined;
  /** What to do there. */
  readonly todo: string;
}

/** What to do while no flow has run, or none has a schedule. */
export function NoFlows({ tile, todo }: NoFlowsProps) {
  if (!tile) {
    return (
      <p class="muted">
        There is no flow yet. Flows come with the connectors that you install: <a href="#/connectors">see connectors</a>
        .
      </p>
    );
  }
  return (
    <p class="muted">
      {todo}: <a href={flowsHref(tile._integrationId)}>see the flows of {tile.name}</a>.
    </p>
  );
}
