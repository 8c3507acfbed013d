import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { asString } from '../api/json.ts';
import type { StoredRecord } from '../api/types.ts';
import { Time } from '../app/time.tsx';

interface RecordRowProps {
  readonly record: StoredRecord;
  /** Shown beside the name. */
  readonly badges?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly children?: ComponentChildren;
}

/** A record: its name, and its JSON on demand. */
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
            {disabled === true && <span class="badge warn">Disabled</span>}
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
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: lets keyboard users scroll it */}
        {isOpen && <pre tabIndex={0}>{JSON.stringify(record, null, 2)}</pre>}
      </details>
    </li>
  );
}
