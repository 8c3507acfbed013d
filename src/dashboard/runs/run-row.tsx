import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Run } from '../api/types.ts';
import { integrationHref } from '../app/address.ts';
import { formatDuration, formatSize } from '../app/format.ts';
import { Time } from '../app/time.tsx';
import { outcomeNames, outcomeTones } from '../tiles/state.ts';
import { RunDetails } from './run-details.tsx';
import { isCancelled, type RunEntry } from './run-filter.ts';

interface RunRowProps {
  readonly entry: RunEntry;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  /** Shown below the details. */
  readonly actionsOf: ((run: Run) => ComponentChildren) | undefined;
}

/** One run. A click anywhere in its row opens it; for keyboards there is a button. */
export function RunRow({ entry: { run, integration }, isOpen, onToggle, actionsOf }: RunRowProps) {
  const { _id, _integrationId, section, startedAt, outcome, wallMs, cpuMs, heapBytes, fault } = run;
  const row = useRef<HTMLTableRowElement>(null);
  // Open from the start: the address names this run, which may be far down the list.
  useEffect(() => {
    if (isOpen) row.current?.scrollIntoView({ block: 'center' });
  }, []);
  return (
    <>
      <tr ref={row} class={isOpen ? 'run open' : 'run'} onClick={(event) => isOutsideControls(event) && onToggle()}>
        <th scope="row">
          <button type="button" class="run-toggle" aria-expanded={isOpen} onClick={onToggle}>
            <span class="chevron" aria-hidden="true" />
            <span>
              {integration && (
                <span class="run-of">
                  {integration.name}
                  {integration.tag && <span class="muted"> ({integration.tag})</span>}
                </span>
              )}
              <span class={integration ? 'small muted' : ''}>
                <span class="muted">{section}.</span>
                {run.function}
              </span>
            </span>
          </button>
        </th>
        <td>
          {isCancelled(run) ? (
            <span class="badge warn">Cancelled</span>
          ) : (
            <span class={`badge ${outcomeTones[outcome]}`}>{outcomeNames[outcome]}</span>
          )}
          {fault && !isCancelled(run) && <code class="small"> {fault}</code>}
        </td>
        <td>
          <Time at={startedAt} />
        </td>
        <td class="number" data-label="Duration">
          {formatDuration(wallMs)}
        </td>
        <td class="number" data-label="CPU">
          {formatDuration(cpuMs)}
        </td>
        <td class="number" data-label="Memory">
          {formatSize(heapBytes)}
        </td>
      </tr>
      {isOpen && (
        <tr class="run-details">
          <td colSpan={6}>
            <RunDetails integrationId={_integrationId} runId={_id} actionsOf={actionsOf} />
            {integration && (
              <p class="run-actions">
                <a class="button small" href={integrationHref(_integrationId)}>
                  Go to {integration.name}
                </a>
              </p>
            )}
          </td>
        </tr>
      )}
    </>
  );
}

/** A click on a control does what the control says, and selecting text must not close the row. */
function isOutsideControls({ target }: MouseEvent): boolean {
  const isControl = target instanceof Element && target.closest('button, a, input') !== null;
  return !isControl && String(getSelection() ?? '') === '';
}
