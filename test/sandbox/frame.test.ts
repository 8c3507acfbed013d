/** Frames between the runtime and a thread arrive whole, once and in order. */
import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type FrameBody, openFrameChannel } from '../../sandbox/frame.ts';

async function socketPair(): Promise<[Socket, Socket]> {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const server = createServer(resolve);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const near = connect((server.address() as { port: number }).port, '127.0.0.1');
  const far = await promise;
  onTestFinished(() => {
    for (const each of [near, far, server]) 'destroy' in each ? each.destroy() : each.close();
  });
  return [near, far];
}

test('text, bytes and pieces of bytes, small and large, arrive as text in the order they were sent', async () => {
  const [near, far] = await socketPair();
  const texts = ['', 'ünicode ✓', 'x'.repeat(100_000), 'ß'.repeat(3_000_000), '{}'];
  const bodies = texts.flatMap((text): FrameBody[] => {
    const bytes = Buffer.from(text);
    const half = Math.floor(bytes.length / 3);
    return [text, bytes, [bytes.subarray(0, half), bytes.subarray(half)]];
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  const received: [unknown, string][] = [];
  openFrameChannel(
    far,
    { bodyBytes: 10_000_000 },
    (header, body) => {
      received.push([header, body]);
      if (received.length === bodies.length) resolve();
    },
    (reason) => expect.unreachable(reason),
  );
  const channel = openFrameChannel<{ n: number }>(
    near,
    { bodyBytes: 0 },
    () => {},
    () => {},
  );
  for (const [n, body] of bodies.entries()) channel.send({ n }, body);
  await promise;
  expect(received).toHaveLength(bodies.length);
  for (const [n, [header, body]] of received.entries()) {
    expect(header).toEqual({ n });
    expect(body === texts[Math.floor(n / 3)]).toBe(true);
  }
});
