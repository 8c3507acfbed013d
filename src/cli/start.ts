/** `bulkhead start`: serves until aborted. */
import { once } from 'node:events';
import { pino } from 'pino';
import { misspeltVariables, optionNames } from '../options.ts';
import { createRuntime } from '../runtime.ts';
import type { Runtime } from '../runtime-interface.ts';
import type { Command } from './command.ts';
import { ownVersion } from './own-version.ts';
import { plainLog } from './plain-log.ts';
import { releaseMemory } from './release-memory.ts';
import { checkFolders } from './start-folders.ts';
import { blockForPeople, linesForScripts } from './welcome.ts';

export const start: Command = {
  name: 'start',
  summary: 'Serves connectors until SIGTERM or SIGINT.',
  expects: 'no file',
  options: optionNames,
  examples: ['bulkhead', 'bulkhead start --port 8080 --data /var/lib/bulkhead', 'BULKHEAD_TOKEN=secret bulkhead start'],
  isLongRunning: true,

  async run(context) {
    const { explicitOptions, environment, out, err, log, signal } = context;
    // A log that was asked for, or that goes into a file, is for programs.
    const isPlain = err.isTTY === true && explicitOptions.log === undefined;
    let logger = isPlain ? pino({ level: 'warn' }, plainLog(err)) : pino({ level: explicitOptions.log ?? 'info' }, log);
    for (const problem of misspeltVariables(environment)) logger.warn({ event: 'misspelt_option' }, problem);
    const folders = await checkFolders(context);
    const { data, connectors } = folders;
    let runtime: Runtime | undefined;
    try {
      runtime = await createRuntime({ ...explicitOptions, data, connectors, logger, onRest: releaseMemory });
      await runtime.listen();
    } catch (error) {
      await runtime?.close();
      throw error;
    }
    if (runtime.node !== undefined) logger = logger.child({ node: runtime.node });
    if (folders.isNew) logger.info({ event: 'data_folder_created', folder: data });
    const { url, newToken } = runtime;
    logger.info({ event: 'listening', url });
    const hasDatabase = explicitOptions.store !== undefined;
    const started = { version: ownVersion(), url, newToken, folders, hasDatabase };
    out.write(out.isTTY === true ? blockForPeople(started) : linesForScripts(started));
    if (!signal.aborted) await once(signal, 'abort');
    logger.info({ event: 'stopping', signal: signal.reason });
    if (out.isTTY === true) out.write('\n  Stopping. Running calls have up to 10 s to end.\n');
    await runtime.close();
    return undefined;
  },
};
