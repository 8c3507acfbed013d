/** `bulkhead invoke`: calls a connector's function on a server. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { callableSections, sections } from '../../sandbox/index.ts';
import { didYouMean } from '../did-you-mean.ts';
import { RUN_ID_HEADER } from '../integration/run-error.ts';
import type { RunRecord } from '../run/run.ts';
import {
  type Command,
  type CommandContext,
  CommandError,
  FAILED,
  jsonFlag,
  serverOptions,
  UsageError,
} from './command.ts';
import { runOf, stackFrames } from './run-record.ts';
import { readErrors, requestOk, type ServerTarget, sendRequest } from './server-client.ts';

const ID = /^[0-9a-f]{24}$/;

export const invoke: Command = {
  name: 'invoke',
  summary: 'Calls a function of an installed connector and prints its answer.',
  expects: 'an integration, a section and a function',
  args: [
    ['<integration>', 'its id, or its name if that is unique'],
    ['<section>', callableSections.join(', ')],
    ['<function>', 'a function of that section'],
  ],
  flags: [
    { syntax: '--body <json>', help: "the call's body, a JSON object; @FILE reads a file, - reads stdin" },
    { syntax: '--logs', help: "prints the run's log to stderr" },
    jsonFlag,
  ],
  options: serverOptions,
  usesServer: true,
  examples: [
    `bulkhead invoke Weather settings forecast --body '{"days":2}'`,
    'bulkhead invoke 64f0c2a9b1d2e3f405162738 installer checkCity --logs',
    'echo \'{"days":2}\' | BULKHEAD_URL=https://bulkhead.example bulkhead invoke Weather settings forecast --body -',
  ],

  async run(context) {
    const { args, flags, options, url, signal, out, err } = context;
    const [integration = '', section = '', name = ''] = args;
    if (!callableSections.some((known) => known === section)) {
      const isKnown = sections.some((known) => known === section);
      if (isKnown) throw new UsageError(`Flows call the functions in ${section}, the API does not. A test can.`);
      const hint = didYouMean(section, callableSections) || '.';
      throw new UsageError(`${section} is not a callable section${hint} Use one of: ${callableSections.join(', ')}.`);
    }
    const body = await readBody(context);
    const server: ServerTarget = { url, options, signal, reason: 'invoke asks a server' };
    const id = ID.test(integration) ? integration : await findIntegrationId(server, integration);
    const path = `/v1/integrations/${id}/${section}/${encodeURIComponent(name)}`;
    const response = await sendRequest(server, { method: 'PUT', path, body });
    const runId = response.headers.get(RUN_ID_HEADER);
    if (flags.logs === true && runId !== null) printLogs(await runOf(server, id, runId), err);
    if (response.ok) {
      const answer = await response.text();
      out.write(
        `${out.isTTY === true && flags.json !== true ? JSON.stringify(JSON.parse(answer), null, 2) : answer}\n`,
      );
      return undefined;
    }
    const errors = await readErrors(response);
    if (flags.json === true) out.write(`${JSON.stringify({ errors })}\n`);
    else if (errors.length === 0) err.write(`The server answered ${response.status}.\n`);
    else for (const { code, message } of errors) err.write(`${code}: ${message}\n`);
    if (flags.json === true || runId === null) return FAILED;
    // The error itself has been printed.
    const run = await runOf(server, id, runId).catch(() => undefined);
    if (run) printStack(run, err);
    return FAILED;
  },
};

async function readBody({ flags, cwd, input }: CommandContext): Promise<string> {
  const { body } = flags;
  if (typeof body !== 'string') return '{}';
  const source =
    body === '-' ? await text(input) : body.startsWith('@') ? await readBodyFile(resolve(cwd, body.slice(1))) : body;
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw new UsageError('--body is not JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError('--body is not a JSON object.');
  return source;
}

async function readBodyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new CommandError(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

interface NamedIntegration {
  readonly _id: string;
  readonly name: string;
}

async function findIntegrationId(server: ServerTarget, name: string): Promise<string> {
  const matches: NamedIntegration[] = [];
  const names: string[] = [];
  let path: string | undefined = '/v1/integrations?include=name';
  while (path !== undefined) {
    const response = await requestOk(server, { method: 'GET', path });
    const page = (await response.json()) as NamedIntegration[];
    matches.push(...page.filter((each) => each.name === name));
    names.push(...page.map((each) => each.name));
    path = nextPage(response);
  }
  const [only, ...others] = matches;
  if (!only) throw new CommandError(`There is no integration named ${name}${didYouMean(name, names) || '.'}`);
  if (others.length > 0) {
    throw new CommandError(`${matches.length} integrations are named ${name}: use an id instead, such as ${only._id}.`);
  }
  return only._id;
}

function nextPage(response: Response): string | undefined {
  const [, next] = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get('link') ?? '') ?? [];
  if (next === undefined) return undefined;
  const { pathname, search } = new URL(next, response.url);
  return pathname + search;
}

function printLogs({ log }: RunRecord, err: CommandContext['err']): void {
  for (const { level, message } of log) err.write(`${level} ${message}\n`);
}

/** The lines of the source. Only the run's record has them. */
function printStack({ stack = '' }: RunRecord, err: CommandContext['err']): void {
  for (const frame of stackFrames(stack)) err.write(`${frame}\n`);
}
