/**
 * What code can do once it has broken out of its isolate. It runs in a thread's Node realm, in a compartment
 * started like any other. Each attempt also runs outside the jail as a control.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { createServer as createWebServer } from 'node:http';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { attemptFreely, type BrokenWall, openBrokenWall } from './broken-wall/broken-wall.ts';
import { outsideProbes } from './broken-wall/outside-probes.ts';
import { powerProbes } from './broken-wall/power-probes.ts';

const WRITTEN = 'written';
let wall: BrokenWall;
let folder: string;
const given: Record<string, unknown> = {};
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  wall = await openBrokenWall();
  folder = await mkdtemp(join(tmpdir(), 'bulkhead-test-'));
  await mkdir(join(folder, 'elsewhere'));
  const canary = join(folder, 'canary');
  await writeFile(canary, 'sings');
  await writeFile(`${canary}.mjs`, "export default 'sings'");
  await writeFile(`${canary}.json`, '"sings"');
  await writeFile(`${canary}.env`, 'SONG=sings');
  Object.assign(given, { folder, canary, inode: (await stat(canary)).ino, written: join(folder, WRITTEN) });

  // A copy, because an addon that is loaded already is available to everyone.
  const isolatedVm = dirname(createRequire(import.meta.url).resolve('isolated-vm/package.json'));
  const addon = createRequire(join(isolatedVm, 'x.js'))('node-gyp-build').path(isolatedVm);
  given.addon = join(folder, 'addon.node');
  await copyFile(addon, given.addon as string);

  const greet = createServer((socket) => socket.on('error', () => {}).end('hello')).listen(0, '127.0.0.1');
  given.socket = join(folder, 'socket');
  const greetInFiles = createServer((socket) => socket.on('error', () => {}).end('hello')).listen(given.socket);
  const web = createWebServer((_request, response) => response.end()).listen(0, '127.0.0.1');
  const names = createSocket('udp4').bind(0, '127.0.0.1');
  names.on('message', (question, { port, address }) => names.send(answerTo(question), port, address));
  await Promise.all([greet, greetInFiles, web, names].map((server) => once(server, 'listening')));
  given.port = (greet.address() as AddressInfo).port;
  given.web = (web.address() as AddressInfo).port;
  given.names = names.address().port;
  // It ignores SIGUSR1, which makes a Node process open its inspector.
  const victim = spawn('sh', ['-c', "trap '' USR1 && echo ready && exec sleep 600"], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(victim.stdout, 'data');
  given.victim = victim.pid;
  closers.push(
    () => [greet, greetInFiles, web, names].map((server) => server.close()),
    () => victim.kill('SIGKILL'),
  );
});
afterAll(async () => {
  for (const close of closers) close();
  await wall.close();
  await rm(folder, { recursive: true, force: true });
});

/** The reply of a DNS server that knows one address. */
function answerTo(question: Buffer): Buffer {
  const HEADER_BYTES = 12;
  const end = question.indexOf(0, HEADER_BYTES) + 5;
  const header = Buffer.from([...question.subarray(0, 2), 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
  const address = Buffer.from([0xc0, HEADER_BYTES, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]);
  return Buffer.concat([header, question.subarray(HEADER_BYTES, end), address]);
}

async function attemptInJail(code: string): Promise<unknown> {
  const outcome = await wall.run({ code, given });
  return outcome.status === 'answered' ? JSON.parse(outcome.result) : outcome;
}

test.each([...outsideProbes, ...powerProbes])(
  'denied in the jail, and only there: $what',
  async ({ code, jailed, free, where }) => {
    const elsewhere = join(folder, 'elsewhere', WRITTEN);
    onTestFinished(() => rm(elsewhere, { recursive: true, force: true }));
    // Both run at the same time, so each writes to its own folder.
    const outside = attemptFreely({ code, given: { ...given, written: elsewhere } }, where, given.canary as string);
    const inJail = await attemptInJail(code);
    const outsideResult = await outside;
    expect(inJail).toEqual(jailed);
    expect(await readdir(folder)).not.toContain(WRITTEN);
    expect(outsideResult).toEqual(free);
  },
);

test.each([
  ['ends its thread', 'process.exit(0); await new Promise(() => {})'],
  ['ends its thread at once', 'process.reallyExit(0)'],
  [
    'throws an uncaught exception',
    "process.removeAllListeners('uncaughtException'); setImmediate(() => { throw 0 }); await new Promise(() => {})",
  ],
  [
    'ends its thread with a forged message',
    'for (const port of process._getActiveHandles()) port.postMessage?.({ taskId: 0, result: 0, error: null }); await new Promise(() => {})',
  ],
])('code that %s ends only its own compartment', async (_what, code) => {
  // Tearing down a realm while its code runs may end the process with V8's out-of-memory signal.
  const fault = expect.stringMatching(/^(?:sandbox_crashed|memory_limit_exceeded)$/);
  expect(await attemptInJail(code)).toMatchObject({ status: 'faulted', fault });
  expect(await attemptInJail("return 'served'")).toEqual({ got: 'served' });
});
