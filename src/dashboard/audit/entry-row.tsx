import type { AuditEntry } from '../api/types.ts';
import { pluralize } from '../app/format.ts';
import { Time } from '../app/time.tsx';
import { callerNameOf, eventNameOf, resourceNameOf } from './describe-entry.ts';

interface EntryRowProps {
  readonly entry: AuditEntry;
  /** Names of connectors by id. */
  readonly connectors: ReadonlyMap<string, string>;
  /** Shows only what is about this resource. */
  readonly onOnly: (resourceId: string) => void;
}

export function EntryRow({ entry, connectors, onOnly }: EntryRowProps) {
  const { time, name, _resourceId, run, fieldChanges, omitted } = entry;
  return (
    <tr>
      <td>
        <Time at={time} />
      </td>
      <td>
        {eventNameOf(entry)} {resourceNameOf(entry)}
      </td>
      <td>
        {_resourceId === undefined ? (
          '–'
        ) : (
          <button
            type="button"
            class="button quiet small audit-thing"
            title={`Only entries about ${_resourceId}`}
            onClick={() => onOnly(_resourceId)}
          >
            {name ?? _resourceId}
          </button>
        )}
      </td>
      <td>
        {callerNameOf(entry)}
        {run && (
          <span class="muted small"> through a run of {connectors.get(run._connectorId) ?? run._connectorId}</span>
        )}
      </td>
      <td class="mono small">
        {fieldChanges?.map(({ fieldPath }) => fieldPath).join(', ')}
        {omitted !== undefined && <span class="muted">and {pluralize(omitted, 'more record')}</span>}
      </td>
    </tr>
  );
}
