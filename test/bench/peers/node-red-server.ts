/** Starts Node-RED with flows of its own, on a free port that it prints. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import RED from 'node-red';

// It mounts its routes on an application of the very express that it brings along.
const express = createRequire(createRequire(import.meta.url).resolve('node-red'))('express');

/** @param nodes as in its `flows.json` */
export async function serveNodeRed(nodes: readonly object[]): Promise<void> {
  const userDir = await mkdtemp(join(tmpdir(), 'bulkhead-node-red-'));
  await writeFile(join(userDir, 'flows.json'), JSON.stringify(nodes));
  const app = express();
  const server = createServer(app);
  RED.init(server, {
    userDir,
    flowFile: 'flows.json',
    httpAdminRoot: false,
    httpNodeRoot: '/',
    logging: { console: { level: 'off', metrics: false, audit: false } },
  });
  app.use('/', RED.httpNode);
  const started = new Promise<void>((resolve) => RED.events.once('flows:started', () => resolve()));
  await RED.start();
  await started;
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
  });
}
