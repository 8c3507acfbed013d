/** Follows the ends of jobs by the server's events: polling would cost what is measured. */
import { TOKEN } from './rig.ts';

export interface Followed {
  /** Resolves when the job has ended. */
  ended(jobId: string): Promise<void>;
  /** Resolves when so many more have ended. */
  more(count: number, limitMs: number): Promise<void>;
  close(): void;
}

export async function followJobs(url: string): Promise<Followed> {
  const leaving = new AbortController();
  const headers = { authorization: `Bearer ${TOKEN}` };
  const response = await fetch(`${url}/v1/events`, { headers, signal: leaving.signal });
  const jobs = new Set<string>();
  let onEnded = (): void => {};
  const take = (block: string): void => {
    if (!/^event: job\.ended$/m.test(block)) return;
    jobs.add(JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '{}')._jobId);
    onEnded();
  };
  const read = async (): Promise<void> => {
    let rest = '';
    for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const blocks = (rest + piece).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) take(block);
    }
  };
  // Ends when the server does, or by `close`.
  read().catch(() => {});
  const until = (isDone: () => boolean, limitMs: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the jobs have not ended in time')), limitMs);
      onEnded = () => {
        if (!isDone()) return;
        clearTimeout(timer);
        resolve();
      };
      onEnded();
    });
  return {
    ended: (jobId) => until(() => jobs.has(jobId), JOB_LIMIT_MS),
    more(count, limitMs) {
      const before = jobs.size;
      return until(() => jobs.size >= before + count, limitMs);
    },
    close: () => leaving.abort(),
  };
}

const JOB_LIMIT_MS = 120_000;
