import type { Connector, Integration } from '../api/types.ts';

/** Props of every page of an integration. */
export interface IntegrationProps {
  readonly integration: Integration;
  /** Absent if the integration has no connector, or its bundle is missing. */
  readonly connector: Connector | undefined;
  readonly reload: () => Promise<void>;
}
