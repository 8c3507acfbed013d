/** The application that connectors talk to. Its path says how much it answers. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Application {
  readonly url: string;
  close(): void;
}

/** `/repeat/{megabytes}/{text}` answers with repeated text, `/binary/{megabytes}` with bytes that are not UTF-8. */
export async function startApplication(): Promise<Application> {
  const server = createServer((request, response) => {
    request.resume();
    const [, what, megabytes, text = ''] = (request.url ?? '').split('/');
    const bytes = Number(megabytes) * 1024 * 1024;
    if (what === 'repeat') response.end(Buffer.alloc(bytes, decodeURIComponent(text)));
    else if (what === 'binary') response.end(Buffer.alloc(bytes, 0xfe));
    else response.end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
