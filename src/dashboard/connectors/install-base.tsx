import { useState } from 'preact/hooks';
import type { Connector, InstallBaseRow, Tile } from '../api/types.ts';
import { integrationHref } from '../app/address.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { pluralize } from '../app/format.ts';
import { useResource } from '../app/use-resource.ts';
import { UpdateDialog } from './update-dialog.tsx';

/** Rows at first; more on demand. */
const PAGE_ROWS = 50;

interface InstallBaseProps {
  readonly connector: Connector;
  /** For the tags of the integrations. */
  readonly installs: readonly Tile[];
}

/** The integrations of a connector. Those that run an older version can be updated together. */
export function InstallBase({ connector, installs }: InstallBaseProps) {
  const tags = new Map(installs.map(({ _integrationId, tag }) => [_integrationId, tag]));
  const path = `/connectors/${connector._id}/installBase`;
  const { value, error, reload } = useResource<readonly InstallBaseRow[]>({
    key: path,
    load: (client, signal) => client.list<InstallBaseRow>(path, undefined, signal),
    isAffected: ({ type, data }) =>
      type.startsWith('connector.') ||
      (type.startsWith('integration.') && (data._connectorId === undefined || data._connectorId === connector._id)),
    minIntervalMs: 400,
  });
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [updating, setUpdating] = useState<readonly InstallBaseRow[]>();
  const [rows, setRows] = useState(PAGE_ROWS);
  const outdated = (value ?? []).filter(({ update, updateInProgress }) => update !== undefined && !updateInProgress);
  const chosen = outdated.filter(({ _integrationId }) => !left.has(_integrationId));
  const choose = (ids: readonly string[], isChosen: boolean): void => {
    const next = new Set(left);
    for (const id of ids) isChosen ? next.delete(id) : next.add(id);
    setLeft(next);
  };
  // What can be updated stands first.
  const sorted = (value ?? []).toSorted((a, b) => Number(b.update !== undefined) - Number(a.update !== undefined));
  return (
    <section class="card stack" aria-labelledby="base-title">
      <div class="row apart">
        <h2 id="base-title">Its integrations</h2>
        {outdated.length > 0 && (
          <button
            type="button"
            class="button primary"
            disabled={chosen.length === 0}
            onClick={() => setUpdating(chosen)}
          >
            Update {pluralize(chosen.length, 'integration')}
          </button>
        )}
      </div>
      <ErrorNotice error={error} title="Its integrations could not be loaded." />
      {value?.length === 0 && <p class="muted">None yet. Install the connector to make one.</p>}
      {outdated.length > 1 && (
        <label class="row nowrap">
          <input
            type="checkbox"
            checked={chosen.length === outdated.length}
            onChange={({ currentTarget }) =>
              choose(
                outdated.map(({ _integrationId }) => _integrationId),
                currentTarget.checked,
              )
            }
          />
          <span>All {outdated.length} that can be updated</span>
        </label>
      )}
      {sorted.length > 0 && (
        <ul class="records">
          {sorted.slice(0, rows).map((row) => (
            <BaseRow
              key={row._integrationId}
              row={row}
              tag={tags.get(row._integrationId)}
              isChosen={!left.has(row._integrationId)}
              onChoose={(isChosen) => choose([row._integrationId], isChosen)}
            />
          ))}
        </ul>
      )}
      {sorted.length > rows && (
        <div class="row">
          <button type="button" class="button" onClick={() => setRows(rows + PAGE_ROWS)}>
            Show more integrations
          </button>
          <span class="muted small">
            {rows} of {sorted.length} shown
          </span>
        </div>
      )}
      {updating && (
        <UpdateDialog connector={connector} rows={updating} reload={reload} onClose={() => setUpdating(undefined)} />
      )}
    </section>
  );
}

interface BaseRowProps {
  readonly row: InstallBaseRow;
  readonly tag: string | undefined;
  readonly isChosen: boolean;
  readonly onChoose: (isChosen: boolean) => void;
}

function BaseRow({ row, tag, isChosen, onChoose }: BaseRowProps) {
  const { _integrationId, name, version, update, updateInProgress } = row;
  return (
    <li class="record base-row">
      {update !== undefined && !updateInProgress && (
        <input
          type="checkbox"
          aria-label={`Update ${name}${tag ? ` (${tag})` : ''}`}
          checked={isChosen}
          onChange={({ currentTarget }) => onChoose(currentTarget.checked)}
        />
      )}
      <a class="grow" href={integrationHref(_integrationId)}>
        {name}
      </a>
      {tag && <span class="badge tag">{tag}</span>}
      <span class="muted small">
        {version ?? 'Unknown version'}
        {update !== undefined && ` → ${update.version}`}
      </span>
      {updateInProgress && <span class="badge accent">Updating…</span>}
    </li>
  );
}
