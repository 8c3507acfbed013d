import type { IntegrationProps } from '../integration/integration-props.ts';
import { DeleteManual } from './delete-manual.tsx';
import { ForceRemove } from './force-remove.tsx';
import { Uninstall } from './uninstall.tsx';

/** Removal by the connector's own steps, or forced if that fails. */
export function RemovePage(props: IntegrationProps) {
  if (props.integration._connectorId === undefined) return <DeleteManual {...props} />;
  return (
    <div class="stack">
      <Uninstall {...props} />
      <ForceRemove {...props} />
    </div>
  );
}
