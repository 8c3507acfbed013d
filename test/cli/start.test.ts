/** What a start tells people and programs, and which folders it creates. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type CalledOptions, callCommand, type Finished, linesOf } from '../support/command.ts';
import { temporaryFolder } from '../support/folders.ts';

/** Starts a server, which stops as soon as it has started. */
function start(cwd: string, args: readonly string[] = [], options: CalledOptions = {}): Promise<Finished> {
  const environment = { BULKHEAD_PORT: '0', ...options.environment };
  return callCommand(['start', ...args], { ...options, cwd, environment, signal: AbortSignal.abort('SIGINT') });
}

const folder = async (): Promise<string> => realpath(await temporaryFolder());

test('at a terminal, the first start prints a block: the address, the token, the folders, and what comes next', async () => {
  const cwd = await folder();
  const first = await start(cwd, [], { isTTY: true, isErrTTY: true });
  const [, url, token] = /Dashboard {3}(http:\/\/127\.0\.0\.1:\d+)\/#token=(\S+)\n/.exec(first.stdout) ?? [];
  expect(url, first.stdout).toBeDefined();
  expect(first).toEqual({ code: 0, stderr: '', stdout: expect.any(String) });
  expect(linesOf(first.stdout)).toEqual([
    expect.stringMatching(/^ {2}Bulkhead \d+\.\d+\.\d+ is running\.$/),
    `  Dashboard   ${url}/#token=${token}`,
    `  Token       ${token}  (the administrator's; shown only this once)`,
    `  Data        ${join(cwd, 'data')}  (new)`,
    `  Connectors  ${join(cwd, 'connectors')}`,
    '  Keep the token, open the dashboard, and install a connector. Ctrl+C stops the server.',
    '  Stopping. Running calls have up to 10 s to end.',
  ]);

  const second = await start(cwd, [], { isTTY: true, isErrTTY: true });
  expect(second.stdout).toMatch(/Dashboard {3}http:\/\/127\.0\.0\.1:\d+\/\n {2}Data {8}\S+\n/);
  expect(second.stdout).not.toContain('oken');
});

test('elsewhere it prints lines that scripts find', async () => {
  const { stdout } = await start(await folder(), [], { isErrTTY: true });
  expect(linesOf(stdout)).toEqual([
    expect.stringMatching(/^Bulkhead is listening on http:\/\/127\.0\.0\.1:\d+$/),
    expect.stringMatching(/^Administrator's token \(shown only once\): [\w-]{32}$/),
    expect.stringMatching(/^Dashboard: http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{32}$/),
  ]);
});

const MISSPELT = { environment: { BULKHEAD_CONECTORS: 'x' } };

test('at a terminal the log is sentences of what is wrong', async () => {
  const { stderr } = await start(await folder(), [], { isErrTTY: true, ...MISSPELT });
  expect(stderr).toBe('! BULKHEAD_CONECTORS is not an option; did you mean BULKHEAD_CONNECTORS?\n');
});

test.each<[string, readonly string[], CalledOptions]>([
  ['if its level was chosen', ['--log', 'info'], { isErrTTY: true }],
  ['if it goes elsewhere', [], {}],
])('the log is JSON lines %s, and says that a data folder was created', async (_when, args, options) => {
  const lines: string[] = [];
  const cwd = await folder();
  const onLog = (line: string): void => void lines.push(line);
  expect((await start(cwd, args, { ...options, ...MISSPELT, onLog })).stderr).toBe('');
  const logged = lines.map((line) => JSON.parse(line));
  expect(logged).toContainEqual(expect.objectContaining({ level: 40, event: 'misspelt_option' }));
  const created = expect.objectContaining({ event: 'data_folder_created', folder: join(cwd, 'data') });
  expect(logged).toContainEqual(created);
  lines.length = 0;
  await start(cwd, args, { ...options, onLog });
  expect(lines.map((line) => JSON.parse(line))).not.toContainEqual(created);
});

test.each<[string, readonly string[], string]>([
  [
    'a misspelt connectors folder',
    ['--connectors', './conectors'],
    'There is no connectors folder CWD/conectors. Did you mean connectors? Create the folder, or correct --connectors (BULKHEAD_CONNECTORS).',
  ],
  [
    'a connectors folder like no other',
    ['--connectors', 'elsewhere/x'],
    'There is no connectors folder CWD/elsewhere/x. Create the folder, or correct --connectors (BULKHEAD_CONNECTORS).',
  ],
  [
    'a file as connectors folder',
    ['--connectors', 'file'],
    'CWD/file is a file. Create the folder, or correct --connectors (BULKHEAD_CONNECTORS).',
  ],
  [
    'a data folder in a folder that is not there',
    ['--data', 'vra/lib/data'],
    'The data folder CWD/vra/lib/data cannot be created, because there is no folder CWD/vra/lib. Create that, or correct --data (BULKHEAD_DATA).',
  ],
  ['a file as data folder', ['--data', 'file'], 'CWD/file is not a folder.'],
  ['a data folder in a file', ['--data', 'file/data'], 'CWD/file/data is not a folder.'],
])('%s is a sentence, and nothing is created', async (_what, args, sentence) => {
  const cwd = await folder();
  await mkdir(join(cwd, 'connectors'));
  await writeFile(join(cwd, 'file'), '');
  const { code, stdout, stderr } = await start(cwd, args);
  expect([code, stdout, stderr]).toEqual([1, '', `${sentence.replaceAll('CWD', cwd)}\n`]);
  for (const name of ['conectors', 'elsewhere', 'vra', 'data']) expect(existsSync(join(cwd, name)), name).toBe(false);
});

test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
  'nor is one that this user may not write',
  async () => {
    const cwd = await folder();
    await chmod(cwd, 0o500);
    onTestFinished(() => chmod(cwd, 0o700));
    const { code, stderr } = await start(cwd);
    expect([code, stderr]).toEqual([1, `${join(cwd, 'data')} is not open to this user (EACCES).\n`]);
  },
);

test.runIf(process.platform === 'linux')('nor is one where nobody may write', async () => {
  const { code, stderr } = await start(await folder(), ['--data', '/sys/bulkhead']);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^\/sys\/bulkhead (?:is on|is not open)[^\n]+\.\n$/)]);
});

test('a named connectors folder that exists is used, and no other is created', async () => {
  const cwd = await folder();
  await mkdir(join(cwd, 'mine'));
  expect((await start(cwd, ['--connectors', 'mine'])).code).toBe(0);
  expect(existsSync(join(cwd, 'connectors'))).toBe(false);
});

test.each(['d', 'd/connectors'])(
  'a connectors folder in the data folder, where copies of bundles are, is refused: %s',
  async (connectors) => {
    const cwd = await folder();
    await mkdir(join(cwd, 'd/connectors'), { recursive: true });
    const { code, stderr } = await start(cwd, ['--data', 'd', '--connectors', connectors]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^The connectors folder .* is in the data folder .*\.\n$/),
    ]);
    expect((await start(cwd, ['--data', 'd/data', '--connectors', connectors])).code).toBe(0);
  },
);

test('the token command creates no misspelt data folder either', async () => {
  const cwd = await folder();
  const { code, stderr } = await callCommand(['token', '--data', 'vra/data'], { cwd });
  expect([code, stderr]).toEqual([1, expect.stringContaining(`there is no folder ${join(cwd, 'vra')}.`)]);
  expect(existsSync(join(cwd, 'vra'))).toBe(false);
});
