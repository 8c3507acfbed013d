import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { filterOptions } from './filter-options.ts';
import type { Option } from './options.ts';

/** Options shown at once. */
const MAX_SHOWN = 100;

interface Props {
  readonly id: string;
  readonly options: readonly Option[];
  readonly selected: Option | undefined;
  readonly placeholder: string;
  readonly label?: string;
  readonly describedBy: string | undefined;
  readonly isInvalid: boolean;
  readonly isRequired: boolean;
  readonly isDisabled: boolean;
  onChoose(option: Option | undefined): void;
}

/** A select for many options, filtered by typing. Follows the ARIA combobox pattern. */
export function Combobox({ id, options, selected, placeholder, label, onChoose, ...props }: Props) {
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState<string>();
  const [active, setActive] = useState(0);
  const isOpen = query !== undefined;
  const isTyped = isOpen && query !== (selected?.label ?? '');
  const { shown, count } = filterOptions(options, isTyped ? query : '', MAX_SHOWN);
  const isActive = (i: number): boolean => isOpen && i === active;
  useEffect(() => {
    if (isOpen) list.current?.children[active]?.scrollIntoView({ block: 'nearest' });
  }, [isOpen, active]);

  const open = (): void => {
    setQuery(selected?.label ?? '');
    setActive(
      Math.max(
        0,
        options.slice(0, MAX_SHOWN).findIndex(({ value }) => value === selected?.value),
      ),
    );
  };
  const close = (): void => setQuery(undefined);
  const choose = (option: Option | undefined): void => {
    onChoose(option);
    close();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const move = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (move !== undefined) {
      event.preventDefault();
      if (isOpen) setActive((before) => Math.min(Math.max(before + move, 0), shown.length - 1));
      else open();
    } else if (event.key === 'Enter' && isOpen) {
      event.preventDefault();
      const option = shown[active];
      if (option) choose(option);
    } else if (event.key === 'Escape' && isOpen) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  };
  /** Keeps typed text only if it names an option. An emptied field clears the value. */
  const onBlur = (): void => {
    const typed = isTyped ? query.trim().toLocaleLowerCase() : undefined;
    if (typed === '') onChoose(undefined);
    else if (typed !== undefined) {
      const option = options.find(({ label: text }) => text.toLocaleLowerCase() === typed);
      if (option) onChoose(option);
    }
    close();
  };

  return (
    <div class="combobox">
      <input
        id={id}
        type="text"
        role="combobox"
        class="combobox-input"
        value={query ?? selected?.label ?? ''}
        placeholder={placeholder}
        autoComplete="off"
        aria-label={label}
        aria-autocomplete="list"
        aria-expanded={isOpen}
        aria-controls={isOpen ? listId : undefined}
        aria-activedescendant={isOpen && shown.length > 0 ? `${listId}-${active}` : undefined}
        aria-invalid={props.isInvalid}
        aria-describedby={props.describedBy}
        required={props.isRequired}
        disabled={props.isDisabled}
        onFocus={(event) => event.currentTarget.select()}
        onClick={() => !isOpen && open()}
        onInput={(event) => {
          setQuery(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
        onBlur={onBlur}
      />
      {isOpen && (
        <div class="combobox-popup">
          <div ref={list} class="combobox-list" id={listId} role="listbox" aria-label={label ?? 'Options'}>
            {shown.map((option, i) => (
              // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: in this pattern the input has the focus and handles the keys
              <div
                key={JSON.stringify(option.value)}
                id={`${listId}-${i}`}
                role="option"
                aria-selected={option.value === selected?.value}
                class={isActive(i) ? 'active' : undefined}
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => choose(option)}
              >
                {option.label}
              </div>
            ))}
          </div>
          <p class="combobox-note" role="status">
            {matchSummary(shown.length, count)}
          </p>
        </div>
      )}
    </div>
  );
}

export function matchSummary(shown: number, count: number): string {
  if (count === 0) return 'No matches';
  return count > shown ? `${shown} of ${count.toLocaleString('en')}. Type to narrow the list.` : '';
}
