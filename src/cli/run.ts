/** `bulkhead run`: runs a flow on a server and waits for the end of its job. */
import { type Command, FAILED, jsonFlag, serverOptions } from './command.ts';
import { countsLine, findFlow, firstErrors, jobLines, runFlow } from './flow-job.ts';
import type { ServerEvent } from './follow-events.ts';
import { progressLineOn } from './progress-line.ts';
import type { ServerTarget } from './server-client.ts';

export const run: Command = {
  name: 'run',
  summary: 'Runs a flow, waits for its end and prints how many records were read, sent and refused.',
  expects: 'one flow',
  args: [['<flow>', 'its id, or its name if that is unique']],
  flags: [
    { syntax: '--since <date>', help: 'delta exports read what has changed since, instead of since their last job' },
    { syntax: '--until <date>', help: 'delta exports read until then, instead of until the start of the job' },
    { syntax: '--logs', help: "prints the log of the flow's pages to stderr" },
    jsonFlag,
  ],
  options: serverOptions,
  usesServer: true,
  examples: [
    'bulkhead run "Orders to invoices"',
    'bulkhead run 64f0c2a9b1d2e3f405162738 --since 2026-01-01T00:00:00Z --logs',
  ],

  async run({ args: [wanted = ''], flags, options, url, signal, out, err }) {
    const server: ServerTarget = { url, options, signal, reason: 'run asks a server' };
    const flow = await findFlow(server, wanted);
    const progress = progressLineOn(err);
    const onEvent = ({ name, data }: ServerEvent): void => {
      if (name === 'job.progress' && data._flowId === flow._id) progress.show(countsLine(data as unknown as Counts));
      if (name !== 'run.log' || data.section !== 'flow' || flags.logs !== true) return;
      progress.clear();
      err.write(`${data.level} ${data.message}\n`);
    };
    const body = { startDate: flags.since, endDate: flags.until };
    const job = await runFlow(server, flow, body, onEvent);
    progress.clear();
    const errors = await firstErrors(server, job);
    if (flags.json === true) out.write(`${JSON.stringify({ job, errors })}\n`);
    else {
      const [first, ...others] = jobLines(flow, job, errors);
      out.write(`${first}\n`);
      for (const line of others) err.write(`${line}\n`);
    }
    return job.status === 'completed' ? undefined : FAILED;
  },
};

type Counts = Parameters<typeof countsLine>[0];
