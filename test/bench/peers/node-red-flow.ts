/** Node-RED: the flow of `flows.ts`: a loop of http request, function and http request, from page to page. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import RED from 'node-red';
import { fields } from '../flows-application.ts';

// It mounts its routes on an application of the very express that it brings along.
const express = createRequire(createRequire(import.meta.url).resolve('node-red'))('express');

const origin = process.env.APPLICATION;
const ask = `msg.url = '${origin}/items?page=' + msg.page; msg.method = 'GET'; msg.headers = {}; return msg;`;
/** What the hooks and the mapping do. The second output ends the loop. */
const map = `if (msg.payload.items.length === 0) return [null, msg];
  msg.payload = msg.payload.items.filter(({ id }) => id > 0).map((record) => {
    const mapped = {};
    for (const field of ${JSON.stringify(fields)}) mapped[field] = record[field];
    return { ...mapped, stamped: true };
  });
  msg.url = '${origin}/batch'; msg.method = 'POST'; msg.headers = { 'content-type': 'application/json' };
  return [msg, null];`;
const request = { type: 'http request', z: 'n0', method: 'use', ret: 'obj', persist: true };

const userDir = await mkdtemp(join(tmpdir(), 'bulkhead-node-red-'));
await writeFile(
  join(userDir, 'flows.json'),
  JSON.stringify([
    { id: 'n0', type: 'tab', label: 'pages' },
    { id: 'n1', type: 'http in', z: 'n0', url: '/run', method: 'put', wires: [['n2']] },
    { id: 'n2', type: 'function', z: 'n0', func: 'msg.page = 1; return msg;', outputs: 1, wires: [['n3']] },
    { id: 'n3', type: 'function', z: 'n0', func: ask, outputs: 1, wires: [['n4']] },
    { id: 'n4', ...request, wires: [['n5']] },
    { id: 'n5', type: 'function', z: 'n0', func: map, outputs: 2, wires: [['n6'], ['n8']] },
    { id: 'n6', ...request, wires: [['n7']] },
    { id: 'n7', type: 'function', z: 'n0', func: 'msg.page++; return msg;', outputs: 1, wires: [['n3']] },
    { id: 'n8', type: 'http response', z: 'n0', statusCode: '204', wires: [] },
  ]),
);
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
