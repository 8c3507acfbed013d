import type { Connector } from '../api/types.ts';
import { pluralize } from '../app/format.tsx';

/** Where everybody begins. */
export function TilesEmpty({ connectors }: { readonly connectors: readonly Connector[] | undefined }) {
  const ready = connectors?.filter(({ status }) => status !== 'invalid').length ?? 0;
  return (
    <div class="empty card">
      <h1>No integrations yet</h1>
      <p class="muted">
        An integration links two applications. A connector installs it: choose one, and it leads you through the rest.
      </p>
      <a class="button primary" href="#/connectors">
        Install your first connector
      </a>
      {connectors && (
        <p class="small muted">
          {ready === 0
            ? 'There is no connector to install: put one into the connectors folder.'
            : `${pluralize(ready, 'connector')} can be installed.`}
        </p>
      )}
    </div>
  );
}
