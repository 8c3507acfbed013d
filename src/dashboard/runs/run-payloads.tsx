import type { Payload, Run } from '../api/types.ts';
import { formatSize } from '../app/format.ts';
import { LongText } from '../app/long-text.tsx';

/** What a run was called with and what it answered, or why that is not there. */
export function RunPayloads({ run }: { readonly run: Run }) {
  const { input, answer, section, outcome } = run;
  if (section === 'flow') return <p class="small muted">Input and answer of a flow’s pages are not stored.</p>;
  if (outcome === 'cut_off') return <p class="small muted">Its input is not stored: that is done when a run ends.</p>;
  if (!input && !answer) {
    return (
      <p class="small muted">
        Input and answer are not stored. The server stores those of later runs if the operator starts it with{' '}
        <code>--run-payload-bytes</code>.
      </p>
    );
  }
  return (
    <>
      {input && <PayloadView name="Input" payload={input} run={run} />}
      {answer && <PayloadView name="Answer" payload={answer} run={run} />}
    </>
  );
}

interface PayloadViewProps {
  readonly name: string;
  readonly payload: Payload;
  readonly run: Run;
}

function PayloadView({ name, payload, run: { _integrationId, _id } }: PayloadViewProps) {
  if ('omittedBytes' in payload) {
    return (
      <p class="small muted">
        {name}: not stored, because it has {formatSize(payload.omittedBytes)}, more than the server stores (
        <code>--run-payload-bytes</code>).
      </p>
    );
  }
  return (
    <details>
      <summary class="small">{name}</summary>
      {payload.masked && (
        <p class="small muted">
          <code>******</code> stands for what may be a secret.
        </p>
      )}
      <LongText text={JSON.stringify(payload.value, null, 2)} path={`/integrations/${_integrationId}/runs/${_id}`} />
    </details>
  );
}
