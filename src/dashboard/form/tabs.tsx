import { useEffect, useRef } from 'preact/hooks';

export interface Tab {
  readonly id: string;
  readonly title: string;
  /** Number of unsaved changes in it. */
  readonly changes: number;
  /** Number of errors in it. */
  readonly problems: number;
}

interface Props {
  /** Prefix of element ids; panels are `${id}-panel`. */
  readonly prefix: string;
  readonly label: string;
  readonly tabs: readonly Tab[];
  readonly active: string;
  readonly isInner: boolean;
  onOpen(id: string): void;
}

/** A tab list with arrow keys, Home and End, following the ARIA pattern. */
export function Tabs({ prefix, label, tabs, active, isInner, onOpen }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent): void => {
    const at = tabs.findIndex(({ id }) => id === active);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    const next = to === undefined ? undefined : tabs.at(to % tabs.length);
    if (!next) return;
    event.preventDefault();
    onOpen(next.id);
    document.getElementById(prefix + next.id)?.focus();
  };
  // Scroll the active tab into view.
  useEffect(() => {
    const tab = list.current?.querySelector<HTMLElement>('[aria-selected="true"]');
    if (!tab || !list.current) return;
    const { scrollLeft, clientWidth } = list.current;
    if (tab.offsetLeft < scrollLeft || tab.offsetLeft + tab.offsetWidth > scrollLeft + clientWidth)
      list.current.scrollLeft = tab.offsetLeft - clientWidth / 4;
  }, [active]);
  return (
    <div ref={list} class={isInner ? 'form-tabs inner' : 'form-tabs'} role="tablist" aria-label={label}>
      {tabs.map(({ id, title, changes, problems }) => (
        <button
          key={id}
          id={prefix + id}
          type="button"
          role="tab"
          class="form-tab"
          aria-selected={id === active}
          aria-controls={id === active ? `${prefix}${id}-panel` : undefined}
          tabIndex={id === active ? 0 : -1}
          onClick={() => onOpen(id)}
          onKeyDown={move}
        >
          <span>{title}</span>
          {problems > 0 ? (
            <span class="badge bad">
              {problems}
              <span class="visually-hidden">{problems === 1 ? ' problem' : ' problems'}</span>
            </span>
          ) : changes > 0 ? (
            <span class="changed-dot">
              <span class="visually-hidden">(changed)</span>
            </span>
          ) : null}
        </button>
      ))}
    </div>
  );
}
