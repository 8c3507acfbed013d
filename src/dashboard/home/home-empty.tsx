import type { Connector } from '../api/types.ts';
import { pluralize } from '../app/format.ts';

/** Shown while there are no integrations. */
export function HomeEmpty({ connectors }: { readonly connectors: readonly Connector[] | undefined }) {
  const ready = connectors?.filter(({ status }) => status !== 'invalid').length ?? 0;
  return (
    <div class="empty card">
      <h1>No integrations yet</h1>
      <p class="muted">An integration links two applications. Choose a connector, and it will guide you through it.</p>
      <a class="button primary" href="#/connectors">
        Install your first connector
      </a>
      {connectors && (
        <p class="small muted">
          {ready === 0
            ? 'There is no connector yet. Upload one on the next page, or put one into the connectors folder.'
            : `${pluralize(ready, 'connector is', 'connectors are')} ready to be installed.`}
        </p>
      )}
    </div>
  );
}
