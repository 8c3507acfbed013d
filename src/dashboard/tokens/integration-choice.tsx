import { useState } from 'preact/hooks';
import type { Tile } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { pluralize } from '../app/format.ts';
import { useResource } from '../app/use-resource.ts';

/** From here on, a search is offered. */
const SEARCH_FROM = 8;

interface IntegrationChoiceProps {
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

/** Chooses integrations by name. */
export function IntegrationChoice({ chosen, onChange }: IntegrationChoiceProps) {
  const [search, setSearch] = useState('');
  const { value, error } = useResource<readonly Tile[]>({
    key: 'tiles',
    load: (client, signal) => client.list<Tile>('/tiles?include=_integrationId,name,tag', undefined, signal),
    isAffected: () => false,
  });
  if (!value) return error === undefined ? <p role="status">Loading integrations…</p> : <ErrorNotice error={error} />;
  const shown = value.filter(({ name, tag = '' }) =>
    `${name} ${tag}`.toLowerCase().includes(search.trim().toLowerCase()),
  );
  const toggle = (id: string, isChosen: boolean): void =>
    onChange(isChosen ? [...chosen, id] : chosen.filter((other) => other !== id));
  return (
    <fieldset class="stack tight choice">
      <legend class="label">Integrations</legend>
      {value.length === 0 && <p class="muted">There are no integrations yet.</p>}
      {value.length >= SEARCH_FROM && (
        <input
          type="search"
          aria-label="Search integrations"
          placeholder="Name or tag"
          value={search}
          onInput={({ currentTarget }) => setSearch(currentTarget.value)}
        />
      )}
      <ul class="integration-choice">
        {shown.map(({ _integrationId: id, name, tag }) => (
          <li key={id}>
            <label class="row">
              <input
                type="checkbox"
                checked={chosen.includes(id)}
                onChange={({ currentTarget }) => toggle(id, currentTarget.checked)}
              />
              <span>
                {name} {tag !== undefined && <span class="muted">{tag}</span>}
              </span>
            </label>
          </li>
        ))}
      </ul>
      <p class="hint" role="status">
        {pluralize(chosen.length, 'integration')} chosen
      </p>
    </fieldset>
  );
}
