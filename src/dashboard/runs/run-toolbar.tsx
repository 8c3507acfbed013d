import { outcomeNames } from '../tiles/state.ts';
import type { RunQuery } from './run-filter.ts';

interface RunToolbarProps {
  readonly query: RunQuery;
  readonly placeholder: string;
  readonly onChange: (change: Partial<RunQuery>) => void;
}

/** Search and outcome of a list of runs. */
export function RunToolbar({ query, placeholder, onChange }: RunToolbarProps) {
  return (
    <search class="toolbar">
      <label class="field grow">
        <span class="label">Search</span>
        <input
          type="search"
          placeholder={placeholder}
          value={query.search}
          onInput={({ currentTarget }) => onChange({ search: currentTarget.value })}
        />
      </label>
      <label class="field">
        <span class="label">Outcome</span>
        <select value={query.outcome} onChange={({ currentTarget }) => onChange({ outcome: currentTarget.value })}>
          <option value="">All</option>
          <option value="unsuccessful">Not successful</option>
          {Object.entries(outcomeNames).map(([outcome, name]) => (
            <option key={outcome} value={outcome}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </search>
  );
}
