import { ErrorNotice } from '../app/error-notice.tsx';
import type { FlowActions } from './use-flow.ts';

/** What went wrong in the controls of a flow. */
export function FlowErrors({ actions: { toggle, run, cancel } }: { readonly actions: FlowActions }) {
  return (
    <>
      <ErrorNotice error={toggle.error} title="Could not change the flow." />
      <ErrorNotice error={run.error} title="Could not run the flow." />
      <ErrorNotice error={cancel.error} title="Could not cancel the job." />
    </>
  );
}
