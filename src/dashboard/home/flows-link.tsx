import type { Tile } from '../api/types.ts';
import { flowsHref } from '../flows/flow-href.ts';

interface FlowsLinkProps {
  /** An integration with flows. */
  readonly tile: Tile;
  /** What to do there. */
  readonly todo: string;
}

/** What to do while no flow has run, or none has a schedule. */
export function FlowsLink({ tile, todo }: FlowsLinkProps) {
  return (
    <p class="muted">
      {todo}: <a href={flowsHref(tile._integrationId)}>see the flows of {tile.name}</a>.
    </p>
  );
}
