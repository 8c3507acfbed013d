import type { Connector, Integration } from '../api/types.ts';

/** Props of every page of an integration. */
export interface IntegrationProps {
  readonly integration: Integration;
  /** Absent for one that was made by hand, or whose bundle is gone. */
  readonly connector: Connector | undefined;
  readonly reload: () => Promise<void>;
}
