/** The packed package in a project of its own: what somebody sees who embeds it. */
import { type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { folderOfFile } from '../support/folders.ts';
import { installTarball, npmIn, packPackage, typeErrors } from '../support/package.ts';

const LONG_MS = 180_000;
vi.setConfig({ testTimeout: LONG_MS });
/** A script that has closed its runtime ends by itself within that. */
const END_LIMIT_MS = 2_000;
const root = fileURLToPath(new URL('../..', import.meta.url));
const isLinux = process.platform === 'linux';

let tarball: string;
let folder: string;
beforeAll(async () => {
  folder = await folderOfFile();
  tarball = await packPackage(folder);
  await installTarball(tarball, folder, ['express', 'fastify', '@types/node', 'undici-types']);
  await cp(fileURLToPath(new URL('./hosts', import.meta.url)), join(folder, 'hosts'), { recursive: true });
}, LONG_MS);

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly at: number;
}

/** Nonsense where the command line would look for options. */
const environment = {
  ...process.env,
  BULKHEAD_PORT: 'nonsense',
  BULKHEAD_HOST: '203.0.113.1',
  BULKHEAD_DATA: '/nonsense',
  BULKHEAD_CONNECTORS: '/nonsense',
  BULKHEAD_ISOLATION: 'nonsense',
  BULKHEAD_RUN_CPU_MS: '1',
  BULKHEAD_LOG: 'loud',
};

/** Runs Node in a folder of its own in the project. */
async function node(args: readonly string[], prepare?: (cwd: string) => Promise<void>): Promise<Ended> {
  const cwd = await mkdtemp(join(folder, 'run-'));
  await prepare?.(cwd);
  const options: SpawnOptions = { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 };
  const child = spawn(process.execPath, args, options);
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text) => {
      texts[name] += text;
    });
  }
  let at = 0;
  child.once('exit', () => {
    at = Date.now();
  });
  const [code] = await once(child, 'close');
  return { code, ...texts, at };
}

/** What a script says as its last act; it ends by itself, soon, and writes nothing else. */
async function host(...args: [name: string, ...rest: string[]]) {
  const [name, ...rest] = args;
  return said(await node([join(folder, 'hosts', name), ...rest]));
}

// biome-ignore lint/suspicious/noExplicitAny: each script says something else, and the assertions are the check
function said({ code, stdout, stderr, at }: Ended): any {
  expect([code, stderr, stdout.split('\n').length]).toEqual([0, '', 2]);
  const result = JSON.parse(stdout);
  expect(at - result.at).toBeLessThan(END_LIMIT_MS);
  return result;
}

const isAlive = (pid: string): boolean => {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
};

describe('what is packed', () => {
  test('has nothing that publint finds fault with', async () => {
    const bytes = await readFile(tarball);
    const { buffer, byteOffset, byteLength } = bytes;
    const packed = buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
    const { messages } = await publint({ pack: { tarball: packed }, strict: true });
    expect(messages).toEqual([]);
  });

  test('has types that are those of its code, wherever ES modules can be imported', async () => {
    const types = await checkPackage(createPackageFromTarballData(await readFile(tarball)));
    if (!types.types) throw new Error('no types');
    // CommonJS gets it by a dynamic import; a look-up from before there was `exports` finds nothing.
    const known = ['CJSResolvesToESM', 'NoResolution node10'];
    const problems = types.problems.map((problem) =>
      problem.kind === 'NoResolution' ? `NoResolution ${problem.resolutionKind}` : problem.kind,
    );
    expect(problems.filter((problem) => !known.includes(problem))).toEqual([]);
    expect(Object.keys(types.entrypoints)).toEqual(expect.arrayContaining(['.', './sdk', './test']));
  });

  test.each([
    ['NodeNext', 'NodeNext'],
    ['ESNext', 'Bundler'],
  ])('has types for all entry points: module %s, resolution %s', async (module, resolution) => {
    const project = join(folder, `types-${resolution}`);
    await mkdir(project);
    const lines = [
      `import { createRuntime, OptionError, RequestError, StoreError } from 'bulkhead';`,
      `import type { ErrorItem, Integration, Json, JsonObject, Options, Runtime, RuntimeOptions, Section } from 'bulkhead';`,
      `import { defineConnector } from 'bulkhead/sdk';`,
      `import { createCompartment } from 'bulkhead/test';`,
      `const options: RuntimeOptions = { data: './data', isolation: 'thread', runMemoryMb: 32 };`,
      'const runtime: Runtime = await createRuntime(options);',
      `const { _id }: Integration = await runtime.install('a', { tag: 'eu' });`,
      `const answer: Json = await runtime.call(_id, 'settings', 'greet', { name: 'Ada' });`,
      'await runtime.close({ drainMs: 5 });',
      `export { answer, createCompartment, defineConnector, OptionError, RequestError, StoreError };`,
      'export type { ErrorItem, JsonObject, Options, Section };',
      `await createRuntime({ isolation: 'none' }); // wrong`,
      `await runtime.call(_id, 'nothing', 'greet'); // wrong`,
      'runtime.end(); // wrong',
    ];
    await writeFile(join(project, 'host.ts'), lines.join('\n'));
    await writeFile(join(project, 'package.json'), '{"type":"module"}');
    const compilerOptions = {
      target: 'ES2024',
      lib: ['ES2024', 'ESNext.Disposable'],
      module,
      moduleResolution: resolution,
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: false,
    };
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['host.ts'] }));
    const errors = await typeErrors(project);
    const wrong = lines.flatMap((line, i) => (line.endsWith('// wrong') ? [`host.ts(${i + 1}`] : []));
    expect(errors.map((line) => line.replace(/,\d+\).*/, ''))).toEqual(wrong);
  });
});

test('a new connector is installed by npm without a registry that has the package, and its tests and types pass', async () => {
  const main = join(folder, 'node_modules/bulkhead/dist/src/main.js');
  const made = await node([main, 'init', '../orders', '--template', 'polling']);
  expect([made.code, made.stderr]).toEqual([0, '']);
  const project = join(folder, 'orders');
  const file = join(project, 'package.json');
  // A server has no bundler; the project asks for one.
  const early = await node([main, 'validate', '../orders']);
  expect([early.code, early.stderr]).toEqual([1, 'This needs esbuild: npm install\n']);
  const manifest = JSON.parse(await readFile(file, 'utf8'));
  expect(manifest.devDependencies.bulkhead).toBe('file:../node_modules/bulkhead');
  // Every registry has the others, but tests have none.
  for (const name of ['@types/node', 'esbuild', 'typescript']) {
    expect(manifest.devDependencies[name]).toMatch(/^\^\d/);
    manifest.devDependencies[name] = `file:${join(root, 'node_modules', name)}`;
  }
  await writeFile(file, JSON.stringify(manifest));
  await npmIn(project, ['install', '--offline', '--no-audit', '--no-fund']);
  expect((await npmIn(project, ['test'])).stdout).toContain('pass 4');
  expect(await typeErrors(project)).toEqual([]);
  expect(await typeErrors(project, ['-p', 'test'])).toEqual([]);
});

test('importing it has no effect', async () => {
  const { entries, before, after, control, ownReads, hostReads } = await host('imports.mjs');
  expect(entries).toEqual({
    bulkhead: ['OptionError', 'RequestError', 'StoreError', 'createRuntime'],
    'bulkhead/sdk': ['defineConnector'],
    'bulkhead/test': ['CallError', 'createCompartment'],
  });
  expect(after).toEqual(before);
  expect([ownReads, hostReads, control]).toEqual([[], ['PATH'], false]);
});

test('CommonJS may require it', async () => {
  expect((await host('required.cjs')).answer).toEqual({ said: 'required' });
});

test('the environment is not its business', async () => {
  const { answer, url, page, ownReads, all } = await host('environment.mjs');
  expect([answer, page, ownReads]).toEqual([{ said: 'hello' }, 200, []]);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(all.filter((name: string) => name === '*' || name.startsWith('BULKHEAD'))).toEqual([]);
});

test('two runtimes in one process do not touch each other', async () => {
  const { answers, ports, afterwards } = await host('two-runtimes.mjs');
  expect(answers).toEqual([{ said: 'word 0' }, { said: 'word 1' }]);
  expect([ports, afterwards]).toEqual([2, { said: 'still here' }]);
});

test.each(['process', 'thread'])(
  'close leaves no handle, thread or process behind, and nothing can be done afterwards: isolation %s',
  async (isolation) => {
    const { answer, hadMetrics, before, during, after, pids, left, isSame, isListening, never, later } = await host(
      'closes.mjs',
      isolation,
    );
    expect([answer, hadMetrics, isSame, isListening]).toEqual([{ said: 'hello' }, true, true, false]);
    expect(during).toEqual(
      expect.arrayContaining(['TCPServerWrap', isolation === 'process' ? 'ProcessWrap' : 'MessagePort']),
    );
    expect(after).toEqual(before);
    expect([left, pids.filter(isAlive)]).toEqual([[], []]);
    if (isLinux) expect(pids.length > 0).toBe(isolation === 'process');
    expect(never).toBe('never_answered');
    expect(later).toEqual(['shutting_down', 'shutting_down', 'shutting_down', 'shutting_down']);
  },
);

test('a start that is refused leaves nothing behind', async () => {
  const { options, untouched, afterOptions, locked, answer, before, after, left, ...more } = await host('refused.mjs');
  expect(options).toEqual(Array.from({ length: 7 }, () => [true, false, 'OptionError']));
  expect([untouched, afterOptions]).toEqual([true, before]);
  expect(locked).toEqual([false, true, 'store_locked']);
  expect([answer, after, left]).toEqual([{ said: 'still here' }, before, []]);
  expect([more.halfWay, more.filesLeft]).toEqual([[false, false, 'EEXIST'], []]);
  // Once the port is free, it can be had.
  expect([more.inUse, more.listens]).toEqual(['EADDRINUSE', true]);
  expect(more.callOptions).toEqual(Array.from({ length: 8 }, () => 'invalid_field'));
  expect(more.large).toBe('request_too_large');
});

test('hostile connectors get their codes, and the host lives', async () => {
  const { ended, flood, killed, answer, ticks, pids, left } = await host('hostile.mjs');
  expect(ended).toEqual({
    loop: 'cpu_limit_exceeded',
    heap: 'memory_limit_exceeded',
    never: 'never_answered',
    none: 'invalid_function',
    constructor: 'invalid_function',
  });
  // A compartment that is killed takes the other integration's run along.
  expect(killed).toEqual({
    beside: ['memory_limit_exceeded', 'sandbox_restarted'],
    stuck: ['cpu_limit_exceeded', 'sandbox_restarted'],
  });
  const { answered, overloaded } = flood;
  expect(flood).toEqual({ answered, overloaded });
  expect(answered + overloaded).toBe(200);
  // 8 run and 8 wait; on a slow machine some have ended before the last have come.
  expect(answered).toBeGreaterThanOrEqual(16);
  expect(overloaded).toBeGreaterThan(50);
  expect(answer).toEqual({ said: 'alive' });
  // Every 20 ms, in some 3 s of attacks: the host's own timers went on.
  expect(ticks).toBeGreaterThan(20);
  expect([left, pids.filter(isAlive)]).toEqual([[], []]);
});

test('a worker thread of the host may have one', async () => {
  const { answer, code, before, after, left } = await host('in-a-worker.mjs');
  expect([answer, code, after, left]).toEqual([{ said: 'from a worker' }, 0, before, []]);
});

test('a test runner may have one, and ends', async () => {
  const { code, stdout } = await node(['--test', join(folder, 'hosts/embedded.test.mjs')]);
  expect([code, stdout]).toEqual([0, expect.stringContaining('pass 1')]);
});

test('under a path of the host, links and the page lead there', async () => {
  const { express, fastify } = await host('under-a-path.mjs');
  const expected = {
    made: [201, 'https://example.com/tools/bulkhead/v1/integrations/id'],
    next: '<https://example.com/tools/bulkhead/v1/integrations?limit=1&cursor>; rel="next"',
    script: 200,
    dashboard: '/tools/bulkhead/',
  };
  expect(fastify).toEqual(expect.objectContaining(expected));
  expect(express).toEqual(expect.objectContaining({ ...expected, plain: '/?a=1' }));
});

describe('docs/embedding.md', () => {
  async function blocks(): Promise<string[]> {
    const text = await readFile(join(root, 'docs/embedding.md'), 'utf8');
    return [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = '']) => code);
  }

  test.each([
    ['http', 1],
    ['express', 2],
    ['fastify', 3],
  ])('mounts it in %s as printed', async (name, index) => {
    const codes = await blocks();
    const [start = '', , , , end = ''] = codes;
    const mount = codes[index] ?? '';
    expect(mount).toContain(`'${name === 'http' ? 'node:http' : name}'`);
    const script = [start, mount.replace('3000', '0'), 'await check(runtime, server, _id, answer);', end].join('\n');
    const file = join(folder, `hosts/printed-${name}.mjs`);
    await writeFile(file, `import { check, say } from './mounted.mjs';\n${script}\nsay();\n`);
    const result = said(
      await node([file], (cwd) =>
        cp(join(folder, 'node_modules/bulkhead/connectors/hello'), join(cwd, 'connectors/hello'), { recursive: true }),
      ),
    );
    expect(result).toMatchObject({
      answer: { text: expect.stringContaining('Ada') },
      page: [200, 'text/html; charset=utf-8', true],
      script: [200, expect.stringContaining('javascript')],
      called: [200, { text: expect.stringContaining('Grace') }],
      withoutToken: [401, 'unauthorized'],
      invalid: [400, 'invalid_json'],
      own: name === 'http' ? [404] : [200, 'hello'],
    });
  });
});
