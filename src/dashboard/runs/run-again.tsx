import { useState } from 'preact/hooks';
import type { Json } from '../api/json.ts';
import type { Run } from '../api/types.ts';
import { integrationHref } from '../app/address.ts';
import { Dialog } from '../app/dialog.tsx';
import { ErrorNotice } from '../app/error-notice.tsx';
import type { IntegrationProps } from '../integration/integration-props.ts';
import { useCall } from '../steps/use-call.ts';
import { RunPanel } from './run-panel.tsx';
import { wayToRepeat } from './way-to-repeat.ts';

/** Runs a function again with the input that it had, or says where that is done, or why it is not possible. */
export function RunAgain({ run, integration, connector, reload }: IntegrationProps & { readonly run: Run }) {
  const call = useCall(integration._id, run.section, reload);
  const [isAsking, setIsAsking] = useState(false);
  if (run.outcome === 'running') return null;
  const way = wayToRepeat(run, { integration, connector });
  if (way.kind === 'never') return <p class="run-actions small muted">{way.reason}</p>;
  if (way.kind === 'elsewhere') {
    return (
      <p class="run-actions">
        <a class="button small" href={integrationHref(integration._id, way.tab)}>
          {way.label}
        </a>
      </p>
    );
  }
  const { input, asksFirst } = way;
  const repeat = (): void => {
    setIsAsking(false);
    void call.run(run.function, input);
  };
  return (
    <div class="run-actions stack tight">
      <div>
        <button
          type="button"
          class="button small"
          disabled={call.isRunning}
          onClick={asksFirst ? () => setIsAsking(true) : repeat}
        >
          {call.isRunning ? 'Running…' : 'Run again'}
        </button>
      </div>
      {isAsking && <AskFirst run={run} input={input} onConfirm={repeat} onClose={() => setIsAsking(false)} />}
      {call.isRunning && <RunPanel label={`${run.section}.${run.function}`} run={call.runRef} />}
      <ErrorNotice error={call.error} title="It failed again. The new run is at the top of the list." />
    </div>
  );
}

interface AskFirstProps {
  readonly run: Run;
  readonly input: Json;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

function AskFirst({ run: { section, function: name }, input, onConfirm, onClose }: AskFirstProps) {
  return (
    <Dialog title={`Run ${section}.${name} again?`} onClose={onClose}>
      <p>The connector may do once more what it did: create, change or send something. This is its input:</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: lets keyboard users scroll it */}
      <pre tabIndex={0}>{JSON.stringify(input, null, 2)}</pre>
      <div class="row end">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="button primary" onClick={onConfirm}>
          Run with this input
        </button>
      </div>
    </Dialog>
  );
}
