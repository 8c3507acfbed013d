/** A message port as a byte stream, for threads of this process. */
import { Duplex } from 'node:stream';
import type { MessagePort } from 'node:worker_threads';

export function portStream(port: MessagePort): Duplex {
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      port.postMessage(chunk);
      done();
    },
    destroy(error, done) {
      port.close();
      done(error);
    },
  });
  port.on('message', (chunk: Uint8Array) => stream.push(chunk));
  port.on('close', () => {
    if (!stream.readableEnded) stream.push(null);
  });
  return stream;
}
