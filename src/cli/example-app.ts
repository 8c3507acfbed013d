/** `bulkhead example-app`: the local application that the example registry-mirror works with. */
import { once } from 'node:events';
import { type Command, CommandError, UsageError } from './command.ts';
import { startExampleApplication } from './example-app/server.ts';

/** The manifest of registry-mirror names it. */
const DEFAULT_PORT = 3900;

export const exampleApp: Command = {
  name: 'example-app',
  summary: 'Starts two package registries on this machine, for the example registry-mirror.',
  expects: 'no file',
  flags: [{ syntax: '--app-port <port>', help: 'where it listens on 127.0.0.1', fallback: String(DEFAULT_PORT) }],
  examples: ['bulkhead example-app', 'BULKHEAD_ALLOW_PRIVATE_NETWORK=127.0.0.1 bulkhead start'],
  isLongRunning: true,

  async run({ flags, out, signal }) {
    const port = Number(flags['app-port']);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageError('--app-port is not a port.');
    const application = await startExampleApplication(port, (line) => out.write(`${line}\n`)).catch((error) => {
      throw new CommandError(`It cannot listen on port ${port} (${(error as NodeJS.ErrnoException).code}).`);
    });
    try {
      out.write(`Two package registries: ${application.url}\n`);
      out.write('User name and password: demo. Start the server with --allow-private-network 127.0.0.1\n');
      if (!signal.aborted) await once(signal, 'abort');
    } finally {
      await application.close();
    }
    return undefined;
  },
};
