import { useState } from 'preact/hooks';
import type { Json } from '../api/json.ts';
import { matchSummary } from './combobox.tsx';
import { asList } from './field.ts';
import { filterOptions } from './filter-options.ts';
import type { ControlProps } from './form-context.ts';
import { type Option, plainValue, unlistedOption, valueForOption } from './options.ts';
import { useOptions } from './use-options.ts';

/** Longer lists are searchable, with the chosen options listed above. */
const SEARCH_FROM = 10;
const MAX_SHOWN = 100;

export function MultiselectControl({
  field,
  value,
  id,
  labelId,
  describedBy,
  isInvalid,
  isDisabled,
  onChange,
}: ControlProps) {
  const [query, setQuery] = useState('');
  const options = useOptions(field.raw.options);
  const items = asList(value);
  const unlisted = items.flatMap((item) => unlistedOption(item, options) ?? []);
  const all = [...unlisted, ...options];
  const selected = new Set(items.map(plainValue));
  const { shown, count } = filterOptions(all, query, MAX_SHOWN);
  const toggle = (option: Option): void =>
    onChange(
      selected.has(option.value)
        ? items.filter((item) => plainValue(item) !== option.value)
        : sortByOptions([...items, valueForOption(field.raw, option)], options),
    );
  const isLong = all.length > SEARCH_FROM;
  const note = matchSummary(shown.length, count);
  return (
    <fieldset class="multiselect" aria-labelledby={labelId} aria-describedby={describedBy}>
      {isLong && (
        <>
          <p class="hint multiselect-count" aria-live="polite">
            {selected.size} of {all.length.toLocaleString('en')} chosen
          </p>
          {selected.size > 0 && (
            <ul class="chips" aria-label="Chosen">
              {all
                .filter((option) => selected.has(option.value))
                .slice(0, MAX_SHOWN)
                .map((option) => (
                  <li key={JSON.stringify(option.value)}>
                    <button
                      type="button"
                      class="chip"
                      disabled={isDisabled}
                      aria-label={`Remove ${option.label}`}
                      onClick={() => toggle(option)}
                    >
                      <span>{option.label}</span>
                      <span aria-hidden="true">×</span>
                    </button>
                  </li>
                ))}
            </ul>
          )}
          <input
            type="search"
            value={query}
            placeholder="Find…"
            aria-label={`Find in ${field.label}`}
            disabled={isDisabled}
            onInput={(event) => setQuery(event.currentTarget.value)}
            onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
          />
        </>
      )}
      <div class={isLong ? 'form-choices boxed' : 'form-choices'}>
        {shown.map((option, i) => (
          <label class="form-choice" key={JSON.stringify(option.value)}>
            <input
              id={i === 0 ? id : undefined}
              type="checkbox"
              checked={selected.has(option.value)}
              disabled={isDisabled}
              aria-invalid={isInvalid}
              onChange={() => toggle(option)}
            />
            <span>{option.label}</span>
          </label>
        ))}
        {(note !== '' || all.length === 0) && <p class="hint">{all.length === 0 ? 'No options yet' : note}</p>}
      </div>
    </fieldset>
  );
}

/** Keeps the order of the options, so that ticking and unticking one is no change. */
function sortByOptions(items: readonly Json[], options: readonly Option[]): readonly Json[] {
  const positions = new Map(options.map(({ value }, i) => [value, i]));
  const positionOf = (item: Json): number => positions.get(plainValue(item)) ?? -1;
  return items.toSorted((a, b) => positionOf(a) - positionOf(b));
}
