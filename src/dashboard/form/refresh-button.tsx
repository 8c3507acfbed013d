import { useState } from 'preact/hooks';
import { errorsOf } from '../api/api-error.ts';
import type { Field } from './field.ts';
import { useForm } from './form-context.ts';

/** Asks the connector for the current options. The chosen value stays. */
export function RefreshButton({ field, list, label }: { field: Field; list?: string; label: string }) {
  const { refresh, isLocked } = useForm();
  const [state, setState] = useState<'idle' | 'busy' | 'done'>('idle');
  const [problem, setProblem] = useState('');
  if (!refresh || field.name === undefined) return null;
  const start = async (): Promise<void> => {
    if (state === 'busy') return;
    setState('busy');
    setProblem('');
    try {
      await refresh(field, list);
      setState('done');
    } catch (error) {
      setProblem(
        errorsOf(error)
          .map(({ message }) => message)
          .join('\n'),
      );
      setState('idle');
    }
  };
  return (
    <>
      <button
        type="button"
        class="button refresh-button"
        disabled={isLocked}
        aria-disabled={state === 'busy'}
        aria-label={`Refresh ${label}`}
        title="Get the current options from the connector"
        onClick={() => void start()}
      >
        <svg
          class={state === 'busy' ? 'spinning' : undefined}
          viewBox="0 0 20 20"
          width="18"
          height="18"
          aria-hidden="true"
        >
          <path d="M16.3 8.2A6.6 6.6 0 0 0 4.6 6M3.7 11.8A6.6 6.6 0 0 0 15.4 14" />
          <path d="M4.4 2.6V6h3.4M15.6 17.4V14h-3.4" />
        </svg>
      </button>
      <span class="visually-hidden" role="status">
        {state === 'busy' ? `Refreshing ${label}` : state === 'done' ? `${label} refreshed` : ''}
      </span>
      {problem !== '' && (
        <p class="problem refresh-problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
