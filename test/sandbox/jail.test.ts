/** What a compartment's process can do, once code has broken out of the isolate: the flags of its jail, each with its control. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { jailFlags } from '../../sandbox/supervisor/jail.ts';
import { temporaryFolder } from '../support/folders.ts';

/** Runs a program in a realm like a compartment's, and one like our own; gives what each of them printed. */
async function inAndOutOfJail(program: string): Promise<{ jailed: string; free: string }> {
  const printed = async (flags: string[], environment: Record<string, string>): Promise<string> => {
    const guarded = `process.on('uncaughtException', (error) => console.log(error.code)); (async () => { ${program} })().then((said) => console.log(said), (error) => console.log(error.code))`;
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, '-e', guarded], { env: environment });
    return stdout.trim();
  };
  return { jailed: await printed(jailFlags(), {}), free: await printed([], { CANARY: 'sings' }) };
}
const DENIED = 'ERR_ACCESS_DENIED';

test('files outside cannot be read', async () => {
  const canary = join(await temporaryFolder(), 'canary');
  await writeFile(canary, 'sings');
  const program = `return require('node:fs').readFileSync(${JSON.stringify(canary)}, 'utf8')`;
  expect(await inAndOutOfJail(program)).toEqual({ jailed: DENIED, free: 'sings' });
});

test("this checkout's data folder is outside", async () => {
  const program = `return require('node:fs').readdirSync(${JSON.stringify(join(process.cwd(), 'data'))}).includes('README.md')`;
  expect(await inAndOutOfJail(program)).toEqual({ jailed: DENIED, free: 'true' });
});

test('nothing can be written', async () => {
  const file = join(await temporaryFolder(), 'written');
  const program = `require('node:fs').writeFileSync(${JSON.stringify(file)}, 'x'); return 'written'`;
  expect(await inAndOutOfJail(program)).toEqual({ jailed: DENIED, free: 'written' });
  expect(await readFile(file, 'utf8')).toBe('x');
});

test('no process can be started', async () => {
  const program = `return String(require('node:child_process').execFileSync(process.execPath, ['-p', '1'])).trim()`;
  expect(await inAndOutOfJail(program)).toEqual({ jailed: DENIED, free: '1' });
});

test('nothing can be connected to, and nothing listened on', async () => {
  const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connect = `const socket = require('node:net').connect(${port}, '127.0.0.1');
    return String((await require('node:events').once(socket, 'data'))[0])`;
  expect(await inAndOutOfJail(connect)).toEqual({ jailed: DENIED, free: 'hello' });
  const listen = `const server = require('node:net').createServer().listen(0, '127.0.0.1');
    await require('node:events').once(server, 'listening'); server.close(); return 'listens'`;
  expect(await inAndOutOfJail(listen)).toEqual({ jailed: DENIED, free: 'listens' });
});

test('the environment is empty', async () => {
  expect(await inAndOutOfJail('return String(process.env.CANARY)')).toEqual({ jailed: 'undefined', free: 'sings' });
});
