import { useEffect, useState } from 'preact/hooks';
import type { Job } from '../api/types.ts';
import { formatDuration, pluralize } from '../app/format.ts';
import { figuresOf } from './job-state.ts';

const titles: Readonly<Record<string, string>> = {
  queued: 'Waiting for its turn…',
  canceling: 'Being cancelled…',
};

/** A running job. How many pages will come is not known, so the bar has no end. */
export function JobLive({ job }: { readonly job: Job }) {
  const { status, startedAt, createdAt, numPagesProcessed } = job;
  const elapsedMs = useElapsed(startedAt ?? createdAt);
  return (
    <div class="stack tight">
      <div class="row apart">
        <strong>{titles[status] ?? 'Running…'}</strong>
        <span class="muted small" title="Elapsed">
          {formatDuration(elapsedMs)}
        </span>
      </div>
      <progress class="flow-progress" aria-label="Job" />
      <p class="small">
        {pluralize(numPagesProcessed, 'page')} · {figuresOf(job)}
      </p>
    </div>
  );
}

/** In whole seconds. The server's clock may be ahead: never negative. */
function useElapsed(since: string): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, Math.floor((now - Date.parse(since)) / 1_000) * 1_000);
}
