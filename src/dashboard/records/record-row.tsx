import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { asString } from '../api/json.ts';
import type { StoredRecord } from '../api/types.ts';
import { Time } from '../app/format.tsx';

interface RecordRowProps {
  readonly record: StoredRecord;
  /** What stands beside the name. */
  readonly badges?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** A record: its name, and all of it on demand, as text. */
export function RecordRow({ record, badges, actions, children }: RecordRowProps) {
  const [isOpen, setIsOpen] = useState(false);
  const { name, type, lastModified, disabled } = record;
  return (
    <li class="record">
      <div class="row apart">
        <div class="record-name">
          <span class="row">
            <strong>{name}</strong>
            {asString(type) && <span class="badge">{asString(type)}</span>}
            {disabled === true && <span class="badge warn">Off</span>}
            {badges}
          </span>
          <span class="muted small">
            Changed <Time at={lastModified} />
          </span>
        </div>
        <div class="row">{actions}</div>
      </div>
      {children}
      <details onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
        <summary class="small">
          As JSON<span class="visually-hidden">: {name}</span>
        </summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it with the keyboard */}
        {isOpen && <pre tabIndex={0}>{JSON.stringify(record, null, 2)}</pre>}
      </details>
    </li>
  );
}
