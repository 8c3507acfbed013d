/** `bulkhead start`: serves until aborted. */
import { once } from 'node:events';
import { pino } from 'pino';
import { misspeltVariables, optionNames } from '../options.ts';
import { createRuntime } from '../runtime.ts';
import type { Runtime } from '../runtime-interface.ts';
import type { Command } from './command.ts';
import { releaseMemory } from './release-memory.ts';

export const start: Command = {
  name: 'start',
  summary: 'Serves connectors until SIGTERM or SIGINT.',
  expects: 'no file',
  options: optionNames,
  examples: ['bulkhead', 'bulkhead start --port 8080 --data /var/lib/bulkhead', 'BULKHEAD_TOKEN=secret bulkhead start'],
  isLongRunning: true,

  async run({ explicitOptions, environment, out, log, signal }) {
    let logger = pino({ level: explicitOptions.log ?? 'info' }, log);
    for (const problem of misspeltVariables(environment)) logger.warn({ event: 'misspelt_option' }, problem);
    let runtime: Runtime | undefined;
    try {
      runtime = await createRuntime({ ...explicitOptions, logger, onRest: releaseMemory });
      await runtime.listen();
    } catch (error) {
      await runtime?.close();
      throw error;
    }
    if (runtime.node !== undefined) logger = logger.child({ node: runtime.node });
    logger.info({ event: 'listening', url: runtime.url });
    out.write(`Bulkhead is listening on ${runtime.url}\n`);
    const { newToken } = runtime;
    if (newToken !== undefined) out.write(`Administrator's token (shown only once): ${newToken}\n`);
    // Browsers do not send what follows #.
    const signedIn = newToken === undefined ? '' : `#token=${encodeURIComponent(newToken)}`;
    out.write(`Dashboard: ${runtime.url}/${signedIn}\n`);
    if (!signal.aborted) await once(signal, 'abort');
    logger.info({ event: 'stopping', signal: signal.reason });
    await runtime.close();
    return undefined;
  },
};
