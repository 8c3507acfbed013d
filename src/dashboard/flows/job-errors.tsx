import { useRef, useState } from 'preact/hooks';
import type { Job } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { pluralize } from '../app/format.ts';
import { useSession } from '../app/session.ts';
import { aboutIntegration } from '../app/use-resource.ts';
import { PAGE_ROWS, usePages } from '../records/use-pages.ts';
import { adviceFor } from './advice.ts';
import { ErrorToolbar } from './error-toolbar.tsx';
import type { FlowRecord, JobError } from './flow-types.ts';
import { JobErrorRow } from './job-error-row.tsx';
import { isActive } from './job-state.ts';
import { useErrorActions } from './use-error-actions.ts';

interface JobErrorsProps {
  readonly job: Job;
  readonly flow: FlowRecord;
  readonly onChanged: () => Promise<unknown>;
}

/** Different pieces of advice above the list. */
const ADVICE_MAX = 3;

const filters = { false: 'Open', true: 'Resolved', '': 'All' } as const;

/** The records that failed in a job: why, their data, and what to do with them. */
export function JobErrors({ job, flow, onChanged }: JobErrorsProps) {
  const { announce } = useSession();
  const heading = useRef<HTMLHeadingElement>(null);
  const [resolved, setResolved] = useState<keyof typeof filters>('false');
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const { value, error, loadMore, reload } = usePages<JobError>(
    `/jobs/${job._id}/joberrors?limit=${PAGE_ROWS}&exclude=data${resolved === '' ? '' : `&resolved=${resolved}`}`,
    (event) => aboutIntegration(job._integrationId, 'job.')(event) && event.data._flowId === job._flowId,
  );
  const { retry, resolve } = useErrorActions(job, async (message) => {
    setSelected(new Set());
    await Promise.all([reload(), onChanged()]);
    announce(message);
    // The buttons have gone with their rows.
    heading.current?.focus();
  });
  const rows = value?.rows ?? [];
  const open = rows.filter((row) => !row.resolved);
  const chosen = open.filter(({ _id }) => selected.has(_id));
  const canRetry = !isActive(job);
  const isBusy = retry.isRunning || resolve.isRunning;
  if (job.numError === 0 && rows.length === 0 && !isActive(job)) return null;
  const choose = (id: string, isChosen: boolean): void => {
    const next = new Set(selected);
    if (isChosen) next.add(id);
    else next.delete(id);
    setSelected(next);
  };
  return (
    <section class="card stack" aria-labelledby="errors-title">
      <div class="row apart">
        <h2 id="errors-title" ref={heading} tabIndex={-1}>
          Records that failed
        </h2>
        <label class="row flow-filter">
          <span class="label">Show</span>
          <select
            value={resolved}
            onChange={({ currentTarget }) => {
              setSelected(new Set());
              setResolved(currentTarget.value as keyof typeof filters);
            }}
          >
            {Object.entries(filters).map(([each, name]) => (
              <option key={each} value={each}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p class="small muted">
        {job.numOpenError.toLocaleString()} open, {job.numResolved.toLocaleString()} resolved.
        {job.numError > job.numOpenError + job.numResolved &&
          ` ${pluralize(job.numError, 'record')} failed in all; only the first are kept.`}
      </p>
      {isActive(job) && <p class="small muted">Records can be sent again when the job has ended.</p>}
      {!value && <ErrorNotice error={error} title="Could not load the records that failed." />}
      <ErrorNotice error={retry.error} title="Could not send the records again." />
      <ErrorNotice error={resolve.error} title="Could not mark the records as resolved." />
      {open.length > 0 && (
        <ErrorToolbar
          job={job}
          open={open}
          chosen={chosen}
          actions={{ retry, resolve }}
          onSelect={(errors) => setSelected(new Set(errors.map(({ _id }) => _id)))}
        />
      )}
      {value && rows.length === 0 && <p class="muted">{resolved === 'false' ? 'None is open.' : 'None.'}</p>}
      {[...new Set(open.map(({ code }) => adviceFor(code)))].slice(0, ADVICE_MAX).map((text) => (
        <p key={text} class="small">
          {text}
        </p>
      ))}
      <ul class="records">
        {rows.map((row) => (
          <JobErrorRow
            key={row._id}
            error={row}
            flow={flow}
            jobId={job._id}
            isSelected={selected.has(row._id)}
            canRetry={canRetry}
            isBusy={isBusy}
            onSelect={(isChosen) => choose(row._id, isChosen)}
            onRetry={() => void retry.run([row._id])}
            onResolve={() => void resolve.run([row._id])}
          />
        ))}
      </ul>
      {value?.hasMore && (
        <div class="row">
          <button type="button" class="button" onClick={loadMore}>
            Show more records
          </button>
          <span class="muted small">{rows.length.toLocaleString()} shown</span>
        </div>
      )}
    </section>
  );
}
