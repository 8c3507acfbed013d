/** The command line itself: help, examples, exit codes, error messages. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { callCommand, linesOf, runCommand, startCommand } from '../support/command.ts';
import { temporaryFolder } from '../support/folders.ts';
import { installed, serve, TOKEN } from '../support/runtime.ts';

const COMMANDS = [
  'start',
  'init',
  'dev',
  'test',
  'validate',
  'build',
  'pack',
  'run',
  'invoke',
  'example-app',
  'token',
  'backup',
  'restore',
  'doctor',
];

test('--help lists the commands, the server options and the exit codes', async () => {
  const { code, stdout, stderr } = await callCommand(['--help']);
  expect([code, stderr]).toEqual([0, '']);
  for (const name of COMMANDS) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  expect(stdout).toContain('BULKHEAD_RUN_TIMEOUT_MS');
  expect(stdout).toContain('Exit codes: 0 done, 1 failed, 2 ');
});

test.each(COMMANDS)('%s --help has a summary and an example', async (name) => {
  const { code, stdout, stderr } = await callCommand([name, '--help']);
  expect([code, stderr]).toEqual([0, '']);
  const [, examples = ''] = stdout.split(/^Examples?:$/m);
  expect(linesOf(examples).some((line) => line.includes(`bulkhead ${name}`))).toBe(true);
});

test('help COMMAND prints the same as COMMAND --help', async () => {
  const viaHelp = await callCommand(['help', 'invoke']);
  expect(viaHelp).toEqual(await callCommand(['invoke', '--help']));
  expect(viaHelp.stdout).toContain('Usage: bulkhead invoke');
  expect((await callCommand(['help', 'constructor'])).stdout).toContain('Usage: bulkhead [command]');
});

test.each<[string[], number, object]>([
  [
    ['init', 'Wrong Name', '--json'],
    2,
    { code: 'wrong_usage', message: expect.stringContaining('not a valid connector name') },
  ],
  [['init', '', '--json'], 2, { code: 'wrong_usage', message: 'init expects the name of a connector.' }],
  [['build', '--json', '--nope'], 2, { code: 'wrong_usage', message: expect.stringContaining("'--nope'") }],
  [['doctor', '--json', '--port', 'x'], 2, { code: 'wrong_usage', message: expect.stringContaining('--port ("x")') }],
  [
    ['token', '--json', '--data', 'file/a'],
    1,
    { code: 'ENOTDIR', message: expect.stringContaining('is not a folder') },
  ],
  [
    ['invoke', 'a', 'settings', 'f', '--json', '--url', 'http://127.0.0.1:1', '--token', 'a'],
    1,
    { code: 'failed', message: expect.stringContaining('does not answer at') },
  ],
])('with --json, the error of %j is JSON', async (args, exitCode, error) => {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'file'), '');
  const { code, stdout, stderr } = await callCommand(args, { cwd });
  expect([code, stderr]).toEqual([exitCode, '']);
  expect(JSON.parse(stdout)).toEqual({ errors: [error] });
});

test("a server's refusal keeps its code", async () => {
  const { runtime } = await serve();
  const args = ['invoke', 'a', 'settings', 'f', '--json', '--url', runtime.url, '--token', 'wrong'];
  const { code, stdout } = await callCommand(args);
  expect([code, JSON.parse(stdout).errors[0].code]).toEqual([1, 'unauthorized']);
});

test('a misspelt folder is not created', async () => {
  const cwd = await temporaryFolder();
  const { code, stdout, stderr } = await callCommand(['dev', 'wether', '--port', '0'], { cwd });
  expect([code, stdout, stderr]).toEqual([1, '', `There is no folder ${join(cwd, 'wether')}.\n`]);
  expect(await readdir(cwd)).toEqual([]);
});

test("--version prints the package's version", async () => {
  expect(await callCommand(['--version'])).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
});

test.each<[string[], string]>([
  [['init'], 'init expects the name of a connector.'],
  [['init', 'a', 'b'], 'init expects the name of a connector.'],
  [['init', 'Grüße'], '"Grüße" is not a valid connector name'],
  [['init', '../..'], 'is not a valid connector name'],
  [['init', 'a', '--template', 'poling'], 'Allowed choices are blank, polling, webhook, oauth, legacy.'],
  [['init', 'a', '--template', 'polling', '--language', 'javascript'], 'The template polling is in typescript only.'],
  [['init', 'a', '--language', 'cobol'], 'Allowed choices are typescript, javascript.'],
  [['validate', '--jsno'], '(Did you mean --json?)'],
  [['validate', 'a', 'b'], 'validate expects one folder.'],
  [['pack', '--output'], 'argument missing'],
  [['invoke', 'a', 'settings'], 'invoke expects an integration, a section and a function.'],
  [['invoke', 'a', 'hooks', 'f'], 'Flows call the functions in hooks, the API does not. A test can.'],
  [['invoke', 'a', 'other', 'f'], 'other is not a callable section. Use one of: '],
  [['invoke', 'a', 'settings', 'f', '--body', '{'], '--body is not JSON.'],
  [['invoke', 'a', 'settings', 'f', '--body', '[]'], '--body is not a JSON object.'],
  [['invoke', 'a', 'settings', 'f', '--port', '30x'], '--port ("30x") is not valid'],
  [['invoke', 'a', 'settings', 'f', '--url', 'example'], '--url ("example") is not valid'],
  [['token', 'x'], 'token expects nothing.'],
  [['start', 'a'], 'start expects no file.'],
  [['--nope'], "Unknown option '--nope'."],
  [['--run-cpu-ms=fast'], '--run-cpu-ms ("fast") is not valid'],
  [['nope'], 'nope is not a command. --help lists them.'],
  [['vaildate'], 'vaildate is not a command; did you mean validate? --help lists them.'],
  [['start', '--run-cpu', '1'], '(Did you mean --run-cpu-ms?)'],
  [['invoke', 'a', 'setting', 'f'], 'setting is not a callable section; did you mean settings? Use one of: '],
  [['constructor', 'a'], 'constructor is not a command.'],
  [['backup'], 'backup expects one file.'],
  [['restore', 'a', 'b'], 'restore expects one file.'],
  [['doctor', '--nope'], "Unknown option '--nope'."],
  [['doctor', '--isolation', 'none'], '--isolation ("none") is not valid'],
])('%j prints one sentence and ends with exit code 2', async (args, sentence) => {
  const { code, stdout, stderr } = await callCommand(args, { cwd: await temporaryFolder() });
  expect([code, stdout, linesOf(stderr)]).toEqual([2, '', [expect.stringContaining(sentence)]]);
});

test('an invalid environment variable prints one sentence and ends with exit code 2', async () => {
  const environment = { BULKHEAD_PORT: '30x', BULKHEAD_DATA: await temporaryFolder() };
  const { code, stdout, stderr } = await callCommand(['start'], { environment });
  expect([code, stdout, linesOf(stderr)]).toEqual([2, '', [expect.stringContaining('BULKHEAD_PORT ("30x") is not')]]);
});

test('a command ignores environment variables of options it does not read', async () => {
  const environment = { BULKHEAD_PORT: '30x', BULKHEAD_DATA: '' };
  const { code } = await callCommand(['init', 'a'], { cwd: await temporaryFolder(), environment });
  expect(code).toBe(0);
});

test("the process ends with the command's exit code", async () => {
  const cwd = await temporaryFolder();
  const [wrong, failed] = await Promise.all([
    runCommand(['init', 'Wrong Name'], { cwd }),
    runCommand(['validate', 'nowhere'], { cwd }),
  ]);
  expect(wrong).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('is not a valid connector name'),
  });
  expect(failed).toMatchObject({ code: 1, stderr: 'package.json:1:1 error package.json is missing\n' });
});

test('a closed stdout does not stop a command', async () => {
  const command = startCommand(['--help']);
  command.child.stdout.destroy();
  expect(await command.finished).toMatchObject({ code: 0, stderr: '' });
});

test('progress is shown and erased on a terminal, and not shown elsewhere', async () => {
  const cwd = await temporaryFolder();
  await callCommand(['init', 'weather', '--language', 'javascript'], { cwd });
  const args = ['validate', 'weather'];
  const { stdout } = await callCommand(args, { cwd, isTTY: true });
  const cleared = (text: string): string => text.replaceAll('\r\u001B[2K', '⌫');
  expect(cleared(stdout)).toMatch(/^⌫(?:Reading|Loading) ….*⌫No problems found/s);
  const data = { cwd, environment: { BULKHEAD_DATA: join(cwd, 'data') } };
  expect(await callCommand(['backup', 'a.gz'], data)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no data folder'),
  });
  await mkdir(join(cwd, 'data'));
  const saved = await callCommand(['backup', 'a.gz', '--json'], { ...data, isTTY: true });
  expect(cleared(saved.stdout)).toMatch(/^⌫Saving 0\.0 MiB⌫\{/);
  const plain = await callCommand(['backup', 'a.gz', '--json', '--overwrite'], data);
  expect(JSON.parse(plain.stdout)).toEqual({ file: join(cwd, 'a.gz'), bytes: expect.any(Number) });
  const restored = await callCommand(['restore', 'a.gz', '--json'], data);
  expect(JSON.parse(restored.stdout)).toEqual({ restored: 0, unchanged: 0, overwritten: 0, acceptances: 0 });
  const built = await callCommand(['init', 'again', '--json'], { cwd });
  expect(JSON.parse(built.stdout)).toMatchObject({ folder: join(cwd, 'again') });
});

test('an aborted command says so and fails', async () => {
  const code = 'exports.utilities = { wait: () => new Promise((resolve) => setTimeout(resolve, 60_000)) }';
  const { client, runtime } = await serve({ slow: { code } });
  const id = await installed(client, 'slow');
  const ending = new AbortController();
  const args = ['invoke', id, 'utilities', 'wait', '--url', runtime.url, '--token', TOKEN];
  const ended = callCommand(args, { signal: ending.signal });
  const runs = async () => (await client('GET', `/integrations/${id}/runs`)).body;
  await vi.waitFor(async () => expect(await runs()).toHaveLength(1), { timeout: 10_000 });
  ending.abort('SIGINT');
  expect(await ended).toEqual({ code: 1, stdout: '', stderr: 'Ended by SIGINT.\n' });
});
