/** `bulkhead dev`: builds a connector whenever it changes, and serves it. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { pino } from 'pino';
import { NoBundlerError } from '../author/bundler.ts';
import { type Finding, findingLine, isError } from '../author/finding.ts';
import { readProject } from '../author/project.ts';
import { type BundleFile, filesOf, writeFiles } from '../author/stage.ts';
import { connectorIdOf } from '../connector/manifest.ts';
import { watchBundles } from '../connector/watch.ts';
import { RequestError } from '../errors.ts';
import { optionNames } from '../options.ts';
import { createRuntime, type Runtime } from '../runtime.ts';
import { type AskedServer, ask } from './ask-server.ts';
import { type Command, CommandError, type Given } from './command.ts';
import { DevLog } from './dev-log.ts';
import { folderArgument, folderOf } from './inspect.ts';

/** In the author's folder; hidden, so that nobody takes it for a part of the connector. */
const OWN_FOLDER = '.bulkhead';
const TOKEN_BYTES = 24;

export const dev: Command = {
  name: 'dev',
  summary: 'Serves a connector while you write it: builds, reloads, and shows what its runs log.',
  takes: 'one folder',
  args: [folderArgument],
  flags: [
    { syntax: '--install', help: 'installs the connector if no integration has it yet' },
    { syntax: '--into <folder>', help: 'only puts the bundle there, for a server that watches that folder' },
  ],
  options: optionNames.filter((name) => name !== 'connectors' && name !== 'log'),
  examples: [
    'bulkhead dev',
    'bulkhead dev connectors/weather --install --port 3001',
    'bulkhead dev --into ../server/connectors',
  ],
  isServing: true,

  async run(given) {
    const folder = folderOf(given);
    const into = typeof given.flags.into === 'string' ? resolve(given.cwd, given.flags.into) : undefined;
    const connectors = into ?? join(folder, OWN_FOLDER, 'connectors');
    const builder = new Builder(given, folder, join(connectors, basename(folder)));
    await builder.build();
    const server = into === undefined ? await serve(given, folder, connectors) : undefined;
    const watcher = watchBundles(folder, () => void builder.build());
    try {
      const connectorId = server && given.flags.install === true ? await builder.connectorId() : undefined;
      if (server && connectorId !== undefined) await installOnce(given, server, connectorId);
      given.out.write(`Watching ${relative(given.cwd, folder) || '.'}; Ctrl+C ends it.\n`);
      if (!given.signal.aborted) await once(given.signal, 'abort');
    } finally {
      await watcher.close();
      await builder.idle();
      await server?.runtime.close({ drainMs: 0 });
    }
    return undefined;
  },
};

/** One build at a time; what changes meanwhile leads to one more. */
class Builder {
  readonly #given: Given;
  readonly #folder: string;
  readonly #target: string;
  #building: Promise<void> | undefined;
  #again = false;
  #last = '';

  constructor(given: Given, folder: string, target: string) {
    this.#given = given;
    this.#folder = folder;
    this.#target = target;
  }

  build(): Promise<void> {
    this.#again = true;
    this.#building ??= this.#buildUntilQuiet().finally(() => {
      this.#building = undefined;
    });
    return this.#building;
  }

  async idle(): Promise<void> {
    await this.#building;
  }

  async connectorId(): Promise<string | undefined> {
    const { project } = await readProject(this.#folder);
    return project && connectorIdOf(project.manifest.name, project.manifest.connector._id);
  }

  async #buildUntilQuiet(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      await this.#buildOnce();
    }
  }

  async #buildOnce(): Promise<void> {
    const { out } = this.#given;
    const startedAt = performance.now();
    const { files, findings, name } = await this.#read();
    const mark = markOf(files, findings);
    if (mark === this.#last) return;
    this.#last = mark;
    for (const finding of findings) out.write(`${findingLine(finding)}\n`);
    if (!files || findings.some(isError)) {
      out.write('Not built: what was there before serves on.\n');
      return;
    }
    await writeFiles(files, this.#target);
    out.write(`Built ${name} in ${Math.round(performance.now() - startedAt)} ms.\n`);
  }

  async #read(): Promise<{ files?: readonly BundleFile[]; findings: readonly Finding[]; name: string }> {
    const { project, findings } = await readProject(this.#folder);
    if (!project) return { findings, name: '' };
    const name = `${project.manifest.name} ${project.manifest.version}`;
    try {
      return { ...(await filesOf(project)), name };
    } catch (error) {
      if (error instanceof NoBundlerError) throw new CommandError(error.message);
      throw error;
    }
  }
}

function markOf(files: readonly BundleFile[] | undefined, findings: readonly Finding[]): string {
  const mark = createHash('sha256').update(JSON.stringify(findings));
  for (const { path, content } of files ?? []) mark.update(path).update('\0').update(content);
  return mark.digest('hex');
}

interface DevServer {
  readonly runtime: Runtime;
  readonly asked: AskedServer;
}

async function serve(given: Given, folder: string, connectors: string): Promise<DevServer> {
  const { givenOptions, out, cwd, signal } = given;
  const data = givenOptions.data ?? join(folder, OWN_FOLDER, 'data');
  const token = givenOptions.token ?? randomBytes(TOKEN_BYTES).toString('base64url');
  await mkdir(connectors, { recursive: true });
  const log = new DevLog(out);
  const runtime = await createRuntime({
    ...givenOptions,
    data,
    connectors,
    token,
    logger: pino({ level: 'debug' }, log),
  });
  try {
    await runtime.listen();
    await runtime.ready();
  } catch (error) {
    await runtime.close({ drainMs: 0 });
    throw error;
  }
  const asked = { url: runtime.url, options: { ...given.options, token }, signal, why: 'dev asks its own server' };
  log.askForErrors(asked);
  out.write(`Serving on ${runtime.url}, data in ${relative(cwd, data) || '.'}.\n`);
  if (givenOptions.token === undefined) {
    out.write(`For other commands: export BULKHEAD_URL=${runtime.url} BULKHEAD_TOKEN=${token}\n`);
  }
  return { runtime, asked };
}

async function installOnce({ out }: Given, { runtime, asked }: DevServer, connectorId: string): Promise<void> {
  const response = await ask(asked, { method: 'GET', path: `/v1/integrations?_connectorId=${connectorId}&limit=1` });
  const [present] = (await response.json()) as { _id: string; name: string }[];
  try {
    const { _id, name } = present ?? (await runtime.install(connectorId));
    out.write(`${present ? 'Was installed before' : 'Installed'} as ${name}: ${_id}\n`);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    out.write(`Not installed: ${error.code}: ${error.message}\n`);
  }
}
