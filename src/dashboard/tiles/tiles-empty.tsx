import type { Connector } from '../api/types.ts';
import { pluralize } from '../app/format.tsx';

/** Shown while there are no integrations. */
export function TilesEmpty({ connectors }: { readonly connectors: readonly Connector[] | undefined }) {
  const ready = connectors?.filter(({ status }) => status !== 'invalid').length ?? 0;
  return (
    <div class="empty card">
      <h1>No integrations yet</h1>
      <p class="muted">
        An integration links two applications. Choose a connector to install one; it guides you through the setup.
      </p>
      <a class="button primary" href="#/connectors">
        Install your first connector
      </a>
      {connectors && (
        <p class="small muted">
          {ready === 0
            ? 'There are no connectors yet. Put one into the connectors folder.'
            : `${pluralize(ready, 'connector')} can be installed.`}
        </p>
      )}
    </div>
  );
}
