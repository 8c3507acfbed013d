import { useState } from 'preact/hooks';
import type { Json } from '../api/json.ts';
import { noteOn } from './combobox.tsx';
import { itemsOf } from './field.ts';
import { matching } from './filter-options.ts';
import type { ControlProps } from './form-context.ts';
import { chosen, notOffered, type Option, plainOf } from './options.ts';
import { useOptions } from './use-options.ts';

/** From here on the list can be searched, and what is chosen is listed above it. */
const LONG = 10;
const SHOWN = 100;

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
  const items = itemsOf(value);
  const strays = items.flatMap((item) => notOffered(item, options) ?? []);
  const all = [...strays, ...options];
  const picked = new Set(items.map(plainOf));
  const { shown, count } = matching(all, query, SHOWN);
  const toggle = (option: Option): void =>
    onChange(
      picked.has(option.value)
        ? items.filter((item) => plainOf(item) !== option.value)
        : inOrder([...items, chosen(field.raw, option)], options),
    );
  const isLong = all.length > LONG;
  const note = noteOn(shown.length, count);
  return (
    <fieldset class="multiselect" aria-labelledby={labelId} aria-describedby={describedBy}>
      {isLong && (
        <>
          <p class="hint multiselect-count" aria-live="polite">
            {picked.size} of {all.length.toLocaleString('en')} chosen
          </p>
          {picked.size > 0 && (
            <ul class="chips" aria-label="Chosen">
              {all
                .filter((option) => picked.has(option.value))
                .slice(0, SHOWN)
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
              checked={picked.has(option.value)}
              disabled={isDisabled}
              aria-invalid={isInvalid}
              onChange={() => toggle(option)}
            />
            <span>{option.label}</span>
          </label>
        ))}
        {(note !== '' || all.length === 0) && (
          <p class="hint">{all.length === 0 ? 'Nothing to choose from yet' : note}</p>
        )}
      </div>
    </fieldset>
  );
}

/** As the options are ordered, so that choosing and unchoosing one is no change. */
function inOrder(items: readonly Json[], options: readonly Option[]): readonly Json[] {
  const places = new Map(options.map(({ value }, i) => [value, i]));
  const placeOf = (item: Json): number => places.get(plainOf(item)) ?? -1;
  return items.toSorted((a, b) => placeOf(a) - placeOf(b));
}
