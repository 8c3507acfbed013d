import type { Run } from '../api/types.ts';
import { formatDuration, formatSize, Time } from '../app/format.tsx';
import { outcomeNames, outcomeTones } from '../tiles/state.ts';
import { RunDetails } from './run-details.tsx';

interface RunRowProps {
  readonly integrationId: string;
  readonly run: Run;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

export function RunRow({ integrationId, run, isOpen, onToggle }: RunRowProps) {
  const { _id, section, startedAt, outcome, wallMs, cpuMs, heapBytes, fault } = run;
  return (
    <>
      <tr class={isOpen ? 'run open' : 'run'}>
        <th scope="row">
          <button type="button" class="run-toggle" aria-expanded={isOpen} onClick={onToggle}>
            <span class="chevron" aria-hidden="true" />
            <span>
              <span class="muted">{section}.</span>
              {run.function}
            </span>
          </button>
        </th>
        <td>
          {fault === 'cancelled' ? (
            <span class="badge warn">Cancelled</span>
          ) : (
            <span class={`badge ${outcomeTones[outcome]}`}>{outcomeNames[outcome]}</span>
          )}
          {fault && fault !== 'cancelled' && <code class="small"> {fault}</code>}
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
            <RunDetails integrationId={integrationId} runId={_id} />
          </td>
        </tr>
      )}
    </>
  );
}
