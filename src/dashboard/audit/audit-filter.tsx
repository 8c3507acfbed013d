/** As in the address. */
export interface Filter extends Readonly<Record<string, string>> {
  /** Days, such as `2030-12-31`; empty for no limit. The last one is included. */
  readonly from: string;
  readonly to: string;
  readonly resourceId: string;
}

export const noFilter: Filter = { from: '', to: '', resourceId: '' };

/** The path that lists what matches, newest first. */
export function pathOf({ from, to, resourceId }: Filter, limit: number): string {
  const query = new URLSearchParams({ order: 'desc', limit: String(limit) });
  if (from !== '') query.set('from', startOf(from, 0));
  if (to !== '') query.set('to', startOf(to, 1));
  if (resourceId !== '') query.set('_resourceId', resourceId);
  return `/audit?${query}`;
}

/** When a day begins here, or a later one. */
function startOf(day: string, daysLater: number): string {
  const date = new Date(`${day}T00:00`);
  date.setDate(date.getDate() + daysLater);
  return date.toISOString();
}

interface AuditFilterProps {
  readonly filter: Filter;
  readonly onChange: (change: Partial<Filter>) => void;
}

export function AuditFilter({ filter, onChange }: AuditFilterProps) {
  const day = (name: 'from' | 'to', label: string) => (
    <label class="field">
      <span class="label">{label}</span>
      <input
        type="date"
        value={filter[name]}
        onChange={({ currentTarget }) => onChange({ [name]: currentTarget.value })}
      />
    </label>
  );
  return (
    <search class="toolbar">
      {day('from', 'From')}
      {day('to', 'To')}
      <label class="field grow">
        <span class="label">Id of what was changed</span>
        <input
          type="search"
          class="mono"
          value={filter.resourceId}
          onInput={({ currentTarget }) => onChange({ resourceId: currentTarget.value.trim() })}
        />
      </label>
    </search>
  );
}
