/** The contract of `Sandbox`, run over each implementation: `Job → Outcome`, whatever a connector does. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { moduleFunctions } from '../../sandbox/capabilities.ts';
import {
  type Ask,
  type Bundle,
  createSandbox,
  defaultLimits,
  type Limits,
  type Outcome,
  type Sandbox,
} from '../../sandbox/index.ts';
import { nothingGranted } from '../guest/sandboxed.ts';

const implementations = (['process', 'thread'] as const).map(
  (isolation) => [isolation, () => createSandbox({ isolation })] as const,
);

let runs = 0;

interface Run {
  readonly code: string;
  readonly name?: string;
  readonly section?: string;
  readonly argument?: unknown;
  readonly format?: Bundle['format'];
  readonly limits?: Partial<Limits>;
  readonly integrationId?: string;
  readonly ask?: Partial<Ask>;
  readonly signal?: AbortSignal;
  readonly inOwnProcess?: boolean;
  readonly connectorId?: string;
  readonly on?: Sandbox;
}

describe.each(implementations)('%s sandbox', (isolation, create) => {
  /** Without a process of its own, the attack would end this process or occupy a core for good. */
  const survivesOnlyInProcess = test.skipIf(isolation === 'thread');
  let sandbox: Sandbox;
  beforeAll(() => {
    sandbox = create();
  });
  afterAll(() => sandbox.close());

  function run({
    code,
    name = 'f',
    section = 'settings',
    argument = {},
    format = 'commonjs',
    ...rest
  }: Run): Promise<Outcome> {
    const bundle: Bundle = {
      connectorId: rest.connectorId ?? 'c',
      digest: `${format} ${code}`,
      filename: 'b/index.js',
      format,
      code,
    };
    return (rest.on ?? sandbox).run(
      {
        runId: `run${++runs}`,
        bundle,
        integrationId: rest.integrationId ?? `integration${runs}`,
        call: { section, name, argument: JSON.stringify(argument) },
        limits: { ...defaultLimits, timeoutMs: 60_000, ...rest.limits },
        inOwnProcess: rest.inOwnProcess ?? false,
        ...(rest.signal ? { signal: rest.signal } : {}),
      },
      { ...nothingGranted, ...rest.ask },
    );
  }
  /** A function of the section `settings`. */
  const f = (source: string): string => `exports.settings = { f: ${source} };`;
  async function resultOf(request: Run): Promise<unknown> {
    const outcome = await run(request);
    if (outcome.status !== 'answered') throw new Error(JSON.stringify(outcome));
    return JSON.parse(outcome.result);
  }

  describe('call styles', () => {
    test.each([
      ['callback', '(options, callback) => callback(null, { got: options.x })', { got: 1 }],
      ['callback, later', '(options, callback) => { setTimeout(() => callback(null, options.x), 1) }', 1],
      ['callback, in an async function', 'async (options, callback) => { await null; callback(null, options.x) }', 1],
      [
        'callback after the async function has returned',
        'async (options, callback) => { setTimeout(callback, 5, null, 2) }',
        2,
      ],
      ['callback, although a handle is returned', '(options, callback) => setTimeout(() => callback(null, 3), 1)', 3],
      ['async', 'async ({ x }) => ({ got: x })', { got: 1 }],
      ['promise', '({ x }) => new Promise((resolve) => setTimeout(resolve, 1, x))', 1],
      ['thenable', '() => ({ then(resolve) { resolve(4) } })', 4],
      ['plain return', '({ x }) => x + 1', 2],
      ['nothing returned', '() => {}', {}],
      ['callback without arguments', '(options, callback) => callback()', {}],
      ['async function with a callback that is never called', 'async (options, callback) => {}', {}],
      ['returned value although a callback is declared', '({ x }, callback) => ({ x })', { x: 1 }],
      ['null', '() => null', null],
      ['false', '() => false', false],
      ['text', '() => "ä\\u2028\\ud83d\\ude00"', 'ä\u2028😀'],
      ['own __proto__ key', '() => JSON.parse(\'{"__proto__":{"a":1}}\')', JSON.parse('{"__proto__":{"a":1}}')],
      ['null prototype', '() => Object.assign(Object.create(null), { a: [1] })', { a: [1] }],
      ['undefined property', '() => ({ a: undefined, b: 1 })', { b: 1 }],
    ])('%s', async (_style, source, expected) => {
      expect(await resultOf({ code: f(source), argument: { x: 1 } })).toEqual(expected);
    });

    test.each(['a', 'ü', '€', '😀'])('arguments of any length arrive unchanged: %s', async (character) => {
      const code = f('({ text }) => text');
      for (const length of [0, 1, 989, 990, 991, 1_000, 1_990, 1_991, 7_990, 7_991, 7_992, 100_000]) {
        const text = character.repeat(length / character.length);
        expect(await resultOf({ code, argument: { text }, integrationId: character })).toBe(text);
      }
    });

    test('`this` is the section, and only the first answer counts', async () => {
      const logged: string[] = [];
      const code = 'exports.settings = { y: 5, f(o, callback) { callback(null, this.y); callback(new Error()); } };';
      expect(await resultOf({ code, ask: { log: (level, text) => logged.push(`${level} ${text}`) } })).toBe(5);
      expect(logged).toEqual(['warn answered again; only the first answer counts']);
    });
  });

  describe('look-up', () => {
    const code = `
      class Base { inherited() { return 'inherited' } }
      class Section extends Base { own() { return 'own' } get computed() { return () => 'computed' } }
      exports.settings = Object.assign(new Section(), { field: 1, toString() { return 'own toString' } });
      exports.utilities = [() => 1];
      exports.hooks = new Map();`;
    test.each(['own', 'inherited', 'computed'])('%s is found', async (name) => {
      expect(await resultOf({ code, name })).toBe(name);
    });
    test.each([
      'constructor',
      'toString',
      '__proto__',
      'hasOwnProperty',
      'valueOf',
      '__defineGetter__',
      'isPrototypeOf',
      'field',
      'nothing',
      '',
      '0',
      'then',
    ])('%j is not a function', async (name) => {
      expect(await run({ code, name })).toMatchObject({ status: 'faulted', fault: 'invalid_function' });
    });
    test.each([
      ['utilities', 'map'],
      ['hooks', 'get'],
    ])('members of built-in prototypes are not functions: %s.%s', async (section, name) => {
      expect(await run({ code, section, name })).toMatchObject({ fault: 'invalid_function' });
    });
    test.each(['installer', 'wrappers'])('missing section: %s', async (section) => {
      expect(await run({ code, section })).toMatchObject({ fault: 'object_not_found' });
    });
  });

  describe('results that are not plain JSON', () => {
    test.each([
      'NaN',
      'Infinity',
      '1n',
      'Symbol()',
      '() => {}',
      'new Date()',
      'new Map()',
      'new (class A {})()',
      '[undefined]',
      '({ a: [() => {}] })',
      '({ [Symbol()]: 1 })',
      'new Uint8Array(1)',
      'new String("a")',
      '/x/',
      'new Error("x")',
      '(() => { const a = {}; a.a = a; return a; })()',
      '(() => { let a = []; for (let i = 0; i < 300; i++) a = [a]; return a; })()',
      '(() => { let a = []; for (let i = 0; i < 100000; i++) a = [a]; return a; })()',
      'new Proxy({}, { ownKeys() { throw new Error() } })',
      '({ get a() { throw new Error() } })',
    ])('%s', async (value) => {
      expect(await run({ code: f(`() => (${value})`) })).toMatchObject({ fault: 'invalid_extension_response' });
      expect(await run({ code: f(`async () => [${value}]`) })).toMatchObject({ fault: 'invalid_extension_response' });
    });

    test.each([
      ['{ rows: [{}, { created: new Date() }] }', 'Date at rows[1].created'],
      ['[1, [undefined]]', 'undefined at [1][0]'],
      ['{ a: { b: [() => {}] } }', 'function at a.b[0]'],
      ['{ "the sum": NaN }', 'NaN at ["the sum"]'],
      ['{ $_9: { "9a": -Infinity } }', '-Infinity at $_9["9a"]'],
      ['new Map()', 'Map'],
      ['[new (class Order {})()]', 'Order at [0]'],
      ['{ a: Symbol("s") }', 'symbol at a'],
      ['{ a: 1n }', 'bigint at a'],
      ['{ a: { [Symbol("s")]: 1 } }', 'a symbol key at a'],
      ['{ a: new (class {})() }', 'an instance of an unnamed class at a'],
      ['[Object.create({ constructor: { name: "x" } })]', 'an instance of an unnamed class at [0]'],
      ['new (class List extends Array {})()', 'List'],
      ['{ get a() { throw new Error() } }', 'a value that throws when read'],
      [
        '{ "ä\\n\\u202e": Object.create({ constructor: Object.defineProperty(() => {}, "name", { value: "B\\u202ed\\n" }) }) }',
        'B?d? at ["?\\n?"]',
      ],
    ])('the message for %s names the value and its path', async (value, what) => {
      const message = `The function's answer is not plain JSON: ${what}.`;
      for (const code of [
        f(`() => (${value})`),
        f(`async () => (${value})`),
        f(`(options, callback) => callback(null, ${value})`),
      ]) {
        expect(await run({ code })).toMatchObject({ fault: 'invalid_extension_response', message });
      }
    });

    test('the message is bounded, however deep the value and long the names', async () => {
      const long = 'let a = new Date(); for (let i = 0; i < 150; i++) a = { ["k".repeat(1_000_000)]: a };';
      const named = 'class A {} Object.defineProperty(A, "name", { value: "n".repeat(1_000_000) });';
      for (const code of [f(`() => { ${long} return a; }`), f(`() => { ${named} return new A(); }`)]) {
        const outcome = await run({ code });
        expect(outcome).toMatchObject({ fault: 'invalid_extension_response' });
        expect((outcome as { message: string }).message.length).toBeLessThan(400);
      }
    });

    test('patched built-ins do not change the message', async () => {
      const patches =
        'for (const name of Object.getOwnPropertyNames(String.prototype)) if (name !== "constructor") String.prototype[name] = () => "patched"; JSON.stringify = () => "patched"; Reflect.getOwnPropertyDescriptor = () => ({ value: "patched" });';
      expect(await run({ code: f(`() => { ${patches} return { 'a b': [new Date()] }; }`) })).toMatchObject({
        message: 'The function\'s answer is not plain JSON: Date at ["a b"][0].',
      });
    });

    test('a result over the size limit is a fault; one at the limit is not', async () => {
      const limits = { resultBytes: 1000 };
      const text = (bytes: number): string => f(`() => 'ä' + 'x'.repeat(${bytes - 4})`);
      expect(await run({ code: text(1000), limits })).toMatchObject({ status: 'answered' });
      expect(await run({ code: text(1001), limits })).toMatchObject({ fault: 'response_size_exceeded' });
    });
  });

  describe('errors', () => {
    test.each([
      ['an error', 'new RangeError("no")', { code: 'RangeError', message: 'no' }],
      ['an error with a code', 'Object.assign(new Error("no"), { code: "E1" })', { code: 'E1', message: 'no' }],
      ['an error with a numeric code', 'Object.assign(new Error("no"), { code: 7 })', { code: '7', message: 'no' }],
      ['a text', '"no"', { code: 'Error', message: 'no' }],
      ['a number', '42', { code: 'Error', message: '42' }],
      ['an object', '{ a: 1 }', { code: 'Error', message: '{"a":1}' }],
      ['an object with a code', '{ code: "E2", message: "m" }', { code: 'E2', message: 'm' }],
      ['a function', '() => {}', { code: 'Error' }],
      ['a symbol', 'Symbol("s")', { code: 'Error', message: 'Symbol(s)' }],
      [
        'a getter that throws',
        '{ get message() { throw 1 }, get code() { throw 2 }, get name() { throw 3 } }',
        { code: 'Error' },
      ],
      ['a proxy', 'new Proxy({}, { get() { throw 1 } })', { code: 'Error' }],
    ])('%s, thrown, rejected and passed back', async (_what, value, expected) => {
      const failed = { status: 'failed', ...expected };
      expect(await run({ code: f(`() => { throw (${value}) }`) })).toMatchObject(failed);
      expect(await run({ code: f(`async () => { throw (${value}) }`) })).toMatchObject(failed);
      expect(await run({ code: f(`(options, callback) => callback((${value}))`) })).toMatchObject(failed);
    });

    test.each(['null', 'undefined'])('%s, thrown and rejected', async (value) => {
      const failed = { status: 'failed', code: 'Error', message: value };
      expect(await run({ code: f(`() => { throw ${value} }`) })).toMatchObject(failed);
      expect(await run({ code: f(`() => Promise.reject(${value})`) })).toMatchObject(failed);
    });

    test("the stack has only the bundle's lines", async () => {
      const outcome = await run({ code: `\nexports.settings = {\n  f() {\n    throw new Error('here');\n  }\n};` });
      expect(outcome).toMatchObject({ stack: expect.stringContaining('b/index.js:4:11') });
      expect((outcome as { stack: string }).stack).not.toMatch(/harness|node:|file:/);
    });

    test('code, message and stack are cut to their limits', async () => {
      const outcome = await run({
        code: f(`() => { throw { code: 'c'.repeat(1e6), message: 'm'.repeat(1e6), stack: 's'.repeat(1e6) } }`),
      });
      expect(outcome).toMatchObject({ code: 'c'.repeat(200), message: 'm'.repeat(2000) });
    });

    test('an error in a timer ends the run', async () => {
      const code = f(`() => new Promise(() => setTimeout(() => { throw new Error('late') }, 1))`);
      expect(await run({ code })).toMatchObject({ status: 'failed', message: 'late' });
    });
  });

  describe('faults', () => {
    test.each([
      ['a callback that is never called', '(options, callback) => {}'],
      ['a promise that never settles', '() => new Promise(() => {})'],
    ])('never_answered: %s', async (_what, source) => {
      expect(await run({ code: f(source) })).toMatchObject({ fault: 'never_answered' });
    });

    test('run_timeout: for a timer after the limit, but not for one before', async () => {
      const code = f('({ ms }) => new Promise((resolve) => setTimeout(resolve, ms, 1))');
      const limits = { timeoutMs: 500 };
      expect(await run({ code, limits, argument: { ms: 5000 } })).toMatchObject({ fault: 'run_timeout' });
      expect(await run({ code, limits, argument: { ms: 50 } })).toMatchObject({ status: 'answered' });
    });

    test.each([
      ['a loop', '() => { for (;;); }'],
      ['a loop after an await', 'async () => { await null; for (;;); }'],
      ['a loop in a timer', '() => new Promise(() => setTimeout(() => { for (;;); }, 1))'],
      ['a loop in an error', '() => { throw { get message() { for (;;); } } }'],
      ['a loop in a result', '() => ({ get a() { for (;;); } })'],
    ])('cpu_limit_exceeded: %s', async (_what, source) => {
      const outcome = await run({ code: f(source), limits: { cpuMs: 200 } });
      expect(outcome).toMatchObject({ fault: 'cpu_limit_exceeded' });
    });

    test('cpu_limit_exceeded: many short entries together', async () => {
      const code = f(`({ turns }) => new Promise((resolve) => {
        let left = turns;
        const turn = () => { const end = Date.now() + 20; while (Date.now() < end); --left ? setTimeout(turn, 0) : resolve(1); };
        turn();
      })`);
      expect(await run({ code, limits: { cpuMs: 300 }, argument: { turns: 100 } })).toMatchObject({
        fault: 'cpu_limit_exceeded',
      });
      expect(await run({ code, limits: { cpuMs: 3000 }, argument: { turns: 5 } })).toMatchObject({
        status: 'answered',
      });
    });

    test('bundle_failed: a syntax error, a throw, a missing import, no exports', async () => {
      const failed = { status: 'faulted', fault: 'bundle_failed' };
      expect(await run({ code: 'exports.settings = {' })).toMatchObject(failed);
      const message = expect.stringMatching(/^at load \(.+:1:\d+\)$/);
      expect(await run({ code: 'throw new Error("at load")' })).toMatchObject({ ...failed, message });
      expect(await run({ code: "require('fs')" })).toMatchObject({ ...failed, message: expect.stringContaining('fs') });
      expect(await run({ code: 'module.exports = 5' })).toMatchObject(failed);
      expect(await run({ code: "import 'fs'", format: 'module' })).toMatchObject({
        ...failed,
        message: expect.stringContaining('fs'),
      });
      expect(await run({ code: 'export const = 1', format: 'module' })).toMatchObject(failed);
      const module = { code: 'throw new Error("at load")', format: 'module' } as const;
      expect(await run(module)).toMatchObject({ ...failed, message });
    });

    survivesOnlyInProcess.each([
      ['an endless array', '() => { for (const a = []; ; ) a.push(new Array(1000).fill(1)); }'],
      ['one huge array', '() => new Array(1e9).fill(0)'],
      ['one huge array from a built-in', '() => Array.from({ length: 1e9 })'],
      ['an endless map', '() => { const m = new Map(); for (let i = 0; ; i++) m.set(i, {}); }'],
      ['a huge string, split', "() => 'x'.repeat(1 << 28).split('')"],
      ['a string that a built-in makes grow', "() => 'x'.repeat(1 << 27).replace(/x/g, 'yy')"],
      ['a huge answer', "() => JSON.stringify(Array(1e7).fill('x'.repeat(20)))"],
    ])('memory_limit_exceeded: %s; the next call is served', async (_what, source) => {
      const limits = { memoryMb: 32, cpuMs: 10_000, timeoutMs: 15_000 };
      expect(await run({ code: f(source), limits })).toMatchObject({ fault: 'memory_limit_exceeded' });
      expect(await resultOf({ code: f('() => 1') })).toBe(1);
    });

    test('memory within the limit is not a fault', async () => {
      const code = f(
        '() => { const a = []; for (let i = 0; i < 1000; i++) a.push(new Array(1000).fill(i)); return a.length; }',
      );
      expect(await resultOf({ code, limits: { memoryMb: 32 } })).toBe(1000);
    });

    survivesOnlyInProcess(
      'cpu_limit_exceeded: a built-in that cannot be interrupted; the next call is served',
      async () => {
        const code = f('() => Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)');
        const startedAt = performance.now();
        expect(await run({ code, limits: { cpuMs: 300 } })).toMatchObject({ fault: 'cpu_limit_exceeded' });
        expect(performance.now() - startedAt).toBeLessThan(300 + 5_000);
        expect(await resultOf({ code: f('() => 1') })).toBe(1);
      },
    );

    survivesOnlyInProcess('the run that crashes a compartment is distinguished from those waiting in it', async () => {
      const code = f(`({ ms, stuck }) => new Promise((resolve) => setTimeout(() => {
        if (stuck) Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);
        resolve(1);
      }, ms))`);
      const waiting = run({ code, argument: { ms: 8_000 }, integrationId: 'waits' });
      const stuck = run({ code, argument: { ms: 100, stuck: true }, integrationId: 'stuck', limits: { cpuMs: 300 } });
      expect(await stuck).toMatchObject({ fault: 'cpu_limit_exceeded' });
      expect(await waiting).toMatchObject({ fault: 'sandbox_restarted' });
    });

    describe('blame', () => {
      const stuck = 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)';
      const code = f(`({ what }) => new Promise((resolve) => {
        if (what === 'answers') resolve(1);
        if (what === 'waits') setTimeout(resolve, 20_000, 1);
        if (what === 'ticks') setInterval(() => {}, 1);
        if (what === 'asks') { const ask = () => fetch('/').catch(ask); ask(); }
        if (what === 'is stuck') ${stuck};
        if (what === 'is stuck in a timer') { setTimeout(() => {}, 20); setTimeout(() => ${stuck}, 21); }
        if (what === 'is stuck after a reply') fetch('/').catch(() => ${stuck});
        if (what === 'is stuck behind its answer') { resolve(1); ${stuck}; }
      })`);
      const limits = { cpuMs: 100 };
      let on: Sandbox;
      beforeAll(() => {
        on = createSandbox({ isolation, threads: 1 });
      });
      afterAll(() => on.close());

      survivesOnlyInProcess.each([
        ['is stuck', 'answers'],
        ['is stuck', 'ticks'],
        ['is stuck', 'asks'],
        ['is stuck in a timer', 'answers'],
        ['is stuck in a timer', 'ticks'],
        ['is stuck after a reply', 'asks'],
        ['is stuck behind its answer', 'waits'],
      ])('a run that %s is distinguished from others on its thread, each of which %s', async (evil, innocent) => {
        // All isolates exist now, so the following calls run at the same time.
        const ids = Array.from({ length: 12 }, (_, i) => `innocent${i}`);
        for (const integrationId of [...ids, 'evil']) {
          await resultOf({ code, argument: { what: 'answers' }, integrationId, on });
        }
        const before = ids.slice(0, 6).map((id) => run({ code, argument: { what: innocent }, integrationId: id, on }));
        const culprit = run({ code, argument: { what: evil }, integrationId: 'evil', limits, on });
        const after = ids.slice(6).map((id) => run({ code, argument: { what: innocent }, integrationId: id, on }));
        expect(await culprit).toMatchObject({ fault: 'cpu_limit_exceeded' });
        for (const outcome of await Promise.all([...before, ...after])) {
          expect(outcome.status === 'answered' ? 'sandbox_restarted' : outcome).toSatisfy(
            (end) => end === 'sandbox_restarted' || (end as { fault?: string }).fault === 'sandbox_restarted',
          );
        }
        // Outcomes of runs that ended before the culprit are not lost.
        if (innocent === 'answers')
          expect(await Promise.all(before)).toMatchObject(Array(6).fill({ status: 'answered' }));
      });

      survivesOnlyInProcess('a run that was cancelled while queued and is stuck when it starts', async () => {
        const busy = f(
          '() => { console.log("began"); const end = Date.now() + 800; while (Date.now() < end); return 1; }',
        );
        await resultOf({ code, argument: { what: 'answers' }, integrationId: 'innocent', on });
        const began = Promise.withResolvers<void>();
        const first = run({ code: busy, integrationId: 'busy', on, ask: { log: () => began.resolve() } });
        // A log line may leave the thread only after the loop, so do not wait for it longer than this.
        setTimeout(began.resolve, 300);
        await began.promise;
        const controller = new AbortController();
        const { signal } = controller;
        const evil = run({ code, argument: { what: 'is stuck' }, limits, integrationId: 'evil', on, signal });
        const innocent = run({ code, argument: { what: 'answers' }, integrationId: 'innocent', on });
        setImmediate(() => controller.abort());
        expect(await evil).toMatchObject({ fault: 'cancelled' });
        expect(await first).toMatchObject({ status: 'answered' });
        expect(await innocent).toMatchObject({ fault: 'sandbox_restarted' });
      });

      survivesOnlyInProcess('a waiting run that holds most of the memory', async () => {
        const holds = f(`() => new Promise((resolve) => {
          const all = [];
          const interval = setInterval(() => {
            const buffer = new ArrayBuffer(2 ** 25, { maxByteLength: 2 ** 25 });
            new Uint8Array(buffer).fill(1);
            if (all.push(buffer) === 16) { clearInterval(interval); setTimeout(resolve, 20_000, all.length); }
          }, 60);
        })`);
        const computes = f('() => { const end = Date.now() + 5; while (Date.now() < end); return 1; }');
        const small = createSandbox({ isolation, threads: 1, prewarmed: false, residentMb: 400 });
        const evil = run({ code: holds, integrationId: 'evil', limits: { memoryMb: 400 }, on: small });
        let isOver = false;
        const culprit = evil.finally(() => {
          isOver = true;
        });
        const innocents: Outcome[] = [];
        while (!isOver)
          innocents.push(
            await run({ code: computes, integrationId: 'innocent', limits: { memoryMb: 400 }, on: small }),
          );
        expect(await culprit).toMatchObject({ fault: 'memory_limit_exceeded' });
        for (const outcome of innocents) {
          expect(outcome.status === 'faulted' ? outcome.fault : 'sandbox_restarted').toBe('sandbox_restarted');
        }
        await small.close();
      });
    });

    survivesOnlyInProcess('memory that runs retain within their limits crashes nothing', async () => {
      const on = createSandbox({ isolation, prewarmed: false });
      const keeps = `let kept; ${f('({ mb }) => { kept = Array.from({ length: mb }, () => new Array(131_072).fill(1.5)); return mb; }')}`;
      const beside = `let kept; ${f('({ mb }) => { kept = new ArrayBuffer(mb * 2 ** 20, { maxByteLength: mb * 2 ** 20 }); return new Uint8Array(kept).fill(1).length / 2 ** 20; }')}`;
      for (const [connectorId, code] of Object.entries({ keeps, beside })) {
        for (let i = 0; i < 12; i++) {
          expect(await resultOf({ code, connectorId, argument: { mb: 40 }, integrationId: `${i}`, on })).toBe(40);
        }
      }
      await on.close();
    });

    test('a short run before a long one is answered first', async () => {
      const on = createSandbox({ isolation, threads: 1, prewarmed: false });
      const code = f('({ ms }) => { const end = Date.now() + ms; while (Date.now() < end); return ms; }');
      for (const integrationId of ['short', 'long']) await resultOf({ code, argument: { ms: 0 }, integrationId, on });
      const ended: string[] = [];
      const short = run({ code, argument: { ms: 0 }, integrationId: 'short', on }).then(() => ended.push('short'));
      const long = run({
        code: f(
          `({ ms }) => { console.log('began'); const end = Date.now() + ms; while (Date.now() < end); return ms; }`,
        ),
        argument: { ms: 300 },
        integrationId: 'long',
        on,
      }).then(() => ended.push('long'));
      await short;
      expect(ended).toEqual(['short']);
      await long;
      await on.close();
    });

    test('later runs on the thread do not delay an answer', async () => {
      const code = f('({ ms }) => { const end = Date.now() + ms; while (Date.now() < end); return ms; }');
      await resultOf({ code, argument: { ms: 0 } });
      const ended: string[] = [];
      const quick = resultOf({ code, argument: { ms: 10 } }).then(() => ended.push('quick'));
      const slow = Array.from({ length: 4 }, () =>
        resultOf({ code, argument: { ms: 300 } }).then(() => ended.push('slow')),
      );
      await Promise.all([quick, ...slow]);
      expect(ended[0]).toBe('quick');
    });

    test('runs that compute within their time are answered, however many arrive at once', async () => {
      const code = f('() => { const end = Date.now() + 300; while (Date.now() < end); return 1; }');
      const all = await Promise.all(Array.from({ length: 8 }, () => run({ code, limits: { timeoutMs: 1_000 } })));
      for (const outcome of all) {
        const isFair =
          outcome.status === 'answered' || (outcome.status === 'faulted' && outcome.fault === 'overloaded');
        expect(isFair, JSON.stringify(outcome)).toBe(true);
      }
      expect(all.filter(({ status }) => status === 'answered').length).toBeGreaterThan(3);
    });

    test('a thousand runs wait at once', async () => {
      const code = f('({ i }) => new Promise((resolve) => setTimeout(resolve, 500, i))');
      const all = Array.from({ length: 1000 }, (_, i) =>
        resultOf({ code, argument: { i }, limits: { timeoutMs: 60_000 } }),
      );
      expect(await Promise.all(all)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    });

    test('cancelled: before the run starts and while it waits', async () => {
      const code = f('() => new Promise((resolve) => setTimeout(resolve, 60000))');
      expect(await run({ code, signal: AbortSignal.abort() })).toMatchObject({ fault: 'cancelled' });
      const controller = new AbortController();
      const cancel = { log: () => controller.abort() };
      const waiting = f('() => { console.log("here"); return new Promise((resolve) => setTimeout(resolve, 60000)) }');
      expect(await run({ code: waiting, signal: controller.signal, ask: cancel })).toMatchObject({
        fault: 'cancelled',
      });
    });
  });

  test('a module with a pending top-level await does not load', async () => {
    const code = 'export const settings = { f: () => 1 }; await new Promise(() => {});';
    const failed = { fault: 'bundle_failed', message: expect.stringContaining('top-level await') };
    expect(await run({ code, format: 'module' })).toMatchObject(failed);
  });

  survivesOnlyInProcess('a run in its own process crashes only that process', async () => {
    const waiting = run({
      code: f('() => new Promise((resolve) => setTimeout(resolve, 1000, 1))'),
      integrationId: 'w',
    });
    const crash = f('() => { for (const a = []; ; ) a.push(new Array(1e6).fill(1.5)); }');
    const crashed = await run({ code: crash, inOwnProcess: true, limits: { timeoutMs: 1000, cpuMs: 1000 } });
    expect(crashed.status).toBe('faulted');
    expect(await waiting).toMatchObject({ status: 'answered' });
  });

  survivesOnlyInProcess('after a load check has crashed its process, the next one gets another process', async () => {
    const crash = f('() => { for (const a = []; ; ) a.push(new Array(1e6).fill(1.5)); }');
    const check = async (code: string, connectorId = 'tried') =>
      (await run({ code, connectorId, inOwnProcess: true, limits: { timeoutMs: 15_000, cpuMs: 5_000 } })).status;
    const statuses = [];
    for (const code of [f('() => 1'), f('() => 2'), crash, f('() => 3')]) statuses.push(await check(code));
    expect(statuses).toEqual(['answered', 'answered', 'faulted', 'answered']);
    const atOnce = ['tried', 'tried', 'tried', 'd', 'e'].map((id, index) => check(f(`() => ${index}`), id));
    expect(new Set(await Promise.all(atOnce))).toEqual(new Set(['answered']));
  });

  describe('bundles', () => {
    test.each([
      ['CommonJS exports', 'exports.settings = { f: () => 1 }', 'commonjs'],
      ['CommonJS module.exports', 'module.exports = { settings: { f: () => 1 } }', 'commonjs'],
      ['CommonJS default, as compilers emit it', 'exports.default = { settings: { f: () => 1 } }', 'commonjs'],
      ['a class instance', 'module.exports = new (class { settings = { f: () => 1 } })()', 'commonjs'],
      ['named exports', 'export const settings = { f: () => 1 }', 'module'],
      ['default export', 'export default { settings: { f: () => 1 } }', 'module'],
      [
        'a byte-order mark and a shebang line',
        '\uFEFF#!/usr/bin/env node\r\nexports.settings = { f: () => 1 }\r\n',
        'commonjs',
      ],
      ['a comment at the end', 'exports.settings = { f: () => 1 } // end', 'commonjs'],
      [
        'the SDK required',
        "const { progress } = require('bulkhead'); exports.settings = { f: () => +!!progress }",
        'commonjs',
      ],
      [
        'the SDK imported',
        "import { progress } from 'bulkhead'; export const settings = { f: () => +!!progress }",
        'module',
      ],
    ] as const)('%s', async (_what, code, format) => {
      expect(await resultOf({ code, format })).toBe(1);
    });
  });

  test('the module `bulkhead` has the functions of the table', async () => {
    const required = "const names = Object.keys(require('bulkhead')); exports.settings = { f: () => names }";
    expect(await resultOf({ code: required })).toEqual(moduleFunctions);
    const imported =
      "import sdk, * as all from 'bulkhead'; export const settings = { f: () => [sdk, all].map(Object.keys) }";
    const names = [...moduleFunctions, 'default'].sort();
    expect(await resultOf({ code: imported, format: 'module' })).toEqual([moduleFunctions, names]);
  });

  describe('isolation', () => {
    const counter =
      'let count = 0; globalThis.shared ??= 0; exports.settings = { f: () => [++count, ++globalThis.shared] };';

    test('module state persists for its integration and never reaches another', async () => {
      expect(await resultOf({ code: counter, integrationId: 'a' })).toEqual([1, 1]);
      expect(await resultOf({ code: counter, integrationId: 'a' })).toEqual([2, 2]);
      expect(await resultOf({ code: counter, integrationId: 'b' })).toEqual([1, 1]);
    });

    describe('a prewarmed isolate', () => {
      let prewarmed: Sandbox;
      beforeAll(() => {
        prewarmed = createSandbox({ isolation, threads: 1, prewarmed: false });
      });
      afterAll(() => prewarmed.close());

      const made = f('() => performance.timeOrigin');
      const isReady = (limits: Partial<Limits>): Promise<void> =>
        vi.waitFor(
          async () => {
            const calledAt = Date.now();
            // The thread is idle while this run waits.
            await resultOf({
              code: f('() => new Promise((resolve) => setTimeout(resolve, 50))'),
              limits,
              on: prewarmed,
            });
            expect(await resultOf({ code: made, limits, on: prewarmed })).toBeLessThan(calledAt + 40);
            await resultOf({
              code: f('() => new Promise((resolve) => setTimeout(resolve, 50))'),
              limits,
              on: prewarmed,
            });
          },
          { timeout: 30_000 },
        );

      test('serves the next integration, and only that one', async () => {
        await isReady({ memoryMb: 64 });
        expect(await resultOf({ code: counter, integrationId: 'c', on: prewarmed })).toEqual([1, 1]);
        expect(await resultOf({ code: counter, integrationId: 'd', on: prewarmed })).toEqual([1, 1]);
        expect(await resultOf({ code: counter, integrationId: 'c', on: prewarmed })).toEqual([2, 2]);
      });

      test('is not used for a run with another memory limit', async () => {
        const code = f('() => { const kept = []; for (let i = 0; i < 4e6; i++) kept.push([i]); return kept.length; }');
        await isReady({ memoryMb: 512 });
        expect(await run({ code, limits: { memoryMb: 32 }, on: prewarmed })).toMatchObject({
          fault: 'memory_limit_exceeded',
        });
        await isReady({ memoryMb: 32 });
        expect(await resultOf({ code, limits: { memoryMb: 512 }, on: prewarmed })).toBe(4e6);
      });
    });

    test('patching a prototype does not affect another integration', async () => {
      const code = f('({ patch }) => { if (patch) Array.prototype.evil = 1; return [].evil ?? null }');
      expect(await resultOf({ code, integrationId: 'p1', argument: { patch: true } })).toBe(1);
      expect(await resultOf({ code, integrationId: 'p2' })).toBe(null);
    });

    test('overlapping runs of an integration have separate isolates', async () => {
      const code =
        "let inside = 0; exports.settings = { async f() { inside++; await fetch('/').catch(() => {}); return inside; } };";
      // No run ends before all have started.
      const inside: (() => void)[] = [];
      const fetch = (): Promise<string> =>
        new Promise((resolve) => {
          inside.push(() => resolve(JSON.stringify({ error: { code: 'c', message: 'm' } })));
          if (inside.length === 10) for (const release of inside) release();
        });
      const all = await Promise.all(
        Array.from({ length: 10 }, () => resultOf({ code, integrationId: 'o', ask: { fetch } })),
      );
      expect(all).toEqual(Array(10).fill(1));
    });

    test('timers that a run leaves behind end with it', async () => {
      const logged: string[] = [];
      const code = f(`() => { setInterval(() => console.log('left over'), 1); return 1; }`);
      const ask = { log: (_level: string, text: string) => logged.push(text) };
      expect(await resultOf({ code, integrationId: 'l', ask })).toBe(1);
      expect(
        await resultOf({
          code: f('() => new Promise((resolve) => setTimeout(resolve, 50, 2))'),
          integrationId: 'l',
          ask,
        }),
      ).toBe(2);
      expect(logged).toEqual([]);
    });

    test('log lines, timers, promises and globals of concurrent runs do not mix', async () => {
      const code = `globalThis.seen = [];
        exports.settings = { f: async ({ who }) => {
          const push = Array.prototype.push;
          Array.prototype.push = function (...items) { return push.apply(this, [who, ...items]); };
          const ticking = setInterval(() => { seen.push('tick'); console.log(who); }, 5);
          await Promise.all([0, 20, 40].map((ms) => new Promise((resolve) => setTimeout(resolve, ms)).then(() => seen.push('then'))));
          clearInterval(ticking);
          return [...new Set(seen)].sort();
        } };`;
      const one = async (who: string): Promise<string[]> => {
        const lines: string[] = [];
        const ask = { log: (_level: string, text: string) => lines.push(text) };
        expect(await resultOf({ code, integrationId: who, argument: { who }, ask })).toEqual(
          [who, 'then', 'tick'].sort(),
        );
        return lines;
      };
      for (const [i, lines] of (await Promise.all(['a', 'b', 'c', 'd'].map(one))).entries()) {
        expect(new Set(lines)).toEqual(new Set(['abcd'[i]]));
      }
    });

    test.each([
      ['a loop in a timer', '() => { setTimeout(() => { for (;;); }); return 1; }'],
      ['a loop in a promise', '() => { Promise.resolve().then(() => { for (;;); }); return 1; }'],
      ['endless promises', '() => { const on = () => setTimeout(() => Promise.resolve().then(on)); on(); return 1; }'],
      ['a second answer', '(options, callback) => { callback(null, 1); setTimeout(() => callback(null, 2)); }'],
    ])('%s that a run leaves behind ends with the run', async (_what, source) => {
      const first = await run({ code: f(source), integrationId: 'left', limits: { cpuMs: 300 } });
      expect(first.status === 'answered' ? first.result : first).toSatisfy(
        (answer) => answer === '1' || (answer as { fault: string }).fault === 'cpu_limit_exceeded',
      );
      const startedAt = performance.now();
      expect(await resultOf({ code: f('() => 2'), integrationId: 'left' })).toBe(2);
      expect(performance.now() - startedAt).toBeLessThan(2_000);
    });

    test('a request that a run leaves open is aborted', async () => {
      const aborted = Promise.withResolvers<void>();
      const fetch = (_request: string, signal: AbortSignal): Promise<string> =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            aborted.resolve();
            resolve('{"value":null}');
          });
        });
      expect(await resultOf({ code: f("() => { fetch('/'); return 1; }"), ask: { fetch } })).toBe(1);
      await aborted.promise;
    });

    test('only ECMAScript and the documented globals exist', async () => {
      const code = f(
        `() => ['process', 'Buffer', 'require', 'WebAssembly', 'setImmediate', 'window', 'module'].filter((name) => name in globalThis)`,
      );
      expect(await resultOf({ code })).toEqual([]);
      const offered = f(
        `() => ['console', 'setTimeout', 'clearInterval', 'queueMicrotask', 'fetch', 'Headers', 'self', 'global', 'navigator'].filter((name) => !(name in globalThis))`,
      );
      expect(await resultOf({ code: offered })).toEqual([]);
    });
  });

  describe('asks', () => {
    test('a request reaches the runtime as text and its reply comes back', async () => {
      const seen: unknown[] = [];
      const fetch = async (request: string): Promise<string> => {
        seen.push(JSON.parse(request));
        return JSON.stringify({
          value: { url: '/x', status: 201, statusText: 'Created', headers: [['A', 'b']], body: '{"c":1}' },
        });
      };
      const code = f(`async () => {
        const r = await fetch('/x', { method: 'POST', headers: { B: '1' }, body: 'hi' });
        return [r.status, r.ok, r.headers.get('a'), await r.json(), r.bodyUsed];
      }`);
      expect(await resultOf({ code, ask: { fetch } })).toEqual([201, true, 'b', { c: 1 }, true]);
      expect(seen).toEqual([{ url: '/x', method: 'POST', headers: [['b', '1']], body: 'hi' }]);
    });

    test('a refusal is a rejection with its code', async () => {
      const code = f(`() => fetch('https://example.com').catch((error) => [error.code, error instanceof TypeError])`);
      expect(await resultOf({ code })).toEqual(['permission_denied', true]);
    });

    test('log lines and their size are bounded, and dropped lines are counted', async () => {
      const logged: string[] = [];
      const ask = { log: (_level: string, text: string) => logged.push(text) };
      const code = f(`() => { for (let i = 0; i < 100; i++) console.log('line', i, { a: [1] }); }`);
      await run({ code, ask, limits: { logLines: 3 } });
      expect(logged).toEqual([...[0, 1, 2].map((i) => `line ${i} {"a":[1]}`), expect.stringContaining('97 more')]);
      logged.length = 0;
      await run({ code: f(`() => console.log('x'.repeat(1e6))`), ask, limits: { logBytes: 9_999 } });
      expect(logged).toEqual([expect.stringContaining('1 more')]);
    });

    survivesOnlyInProcess('unread replies of all runs together are bounded', async () => {
      const ask = { fetch: async () => JSON.stringify({ value: { body: 'x'.repeat(2 ** 21) } }) };
      const code = f(`async ({ ms }) => {
        const all = Array.from({ length: 40 }, () => fetch('/').then(() => 'read', ({ code }) => code));
        await new Promise((resolve) => setTimeout(resolve, 1));
        for (const end = Date.now() + ms; Date.now() < end; );
        return Object.entries(Object.groupBy(await Promise.all(all), (one) => one)).map(([what, { length }]) => [what, length]).sort();
      }`);
      const limits = { memoryMb: 256 };
      const counts = Object.fromEntries(
        (await resultOf({ code, ask, limits, argument: { ms: 700 } })) as [string, number][],
      );
      expect(counts.overloaded).toBeGreaterThan(15);
      expect(counts.undefined).toBeGreaterThan(5);
      const patient = f(
        `async () => { for (let i = 0; i < 40; i++) await fetch('/').catch(() => {}); return 'all read'; }`,
      );
      expect(await resultOf({ code: patient, ask, limits })).toBe('all read');
    });

    test('pending requests of all runs together are bounded', async () => {
      const answer = Promise.withResolvers<string>();
      let asked = 0;
      const fetch = (): Promise<string> => {
        asked++;
        return answer.promise;
      };
      const code = f(`async () => {
        const body = 'x'.repeat(2 ** 20);
        let refused = 0;
        await Promise.all(Array.from({ length: 80 }, () => fetch('/', { method: 'POST', body }).catch(({ code }) => {
          if (code === 'overloaded' && ++refused === 80 - 63) console.log('refused');
        })));
        return refused;
      }`);
      const log = (_level: string, text: string): void => {
        if (text === 'refused') answer.resolve('{"error":{"code":"request_failed","message":"no"}}');
      };
      expect(await resultOf({ code, ask: { fetch, log }, limits: { memoryMb: 256 } })).toBe(80 - 63);
      expect(asked).toBe(63);
      // There is capacity again.
      expect(
        await resultOf({
          code: f(`() => fetch('/', { method: 'POST', body: 'x'.repeat(2 ** 22) }).catch(({ code }) => code)`),
        }),
      ).toBe('permission_denied');
    });

    test("a request's characters: below, at and above the limit", async () => {
      const lengths: number[] = [];
      const fetch = async (request: string): Promise<string> => {
        lengths.push(request.length);
        return '{"error":{"code":"asked","message":"no"}}';
      };
      const code = f(
        `({ length }) => fetch('/', { method: 'POST', body: 'x'.repeat(length) }).catch(({ code }) => code ?? 'refused')`,
      );
      const ask = (length: number): Promise<unknown> =>
        resultOf({ code, ask: { fetch }, limits: { askChars: 1_000 }, argument: { length } });
      expect(await ask(1)).toBe('asked');
      const most = 1_001 - (lengths[0] as number);
      expect([await ask(most - 1), await ask(most), await ask(most + 1)]).toEqual(['asked', 'asked', 'refused']);
      expect(lengths.slice(1)).toEqual([999, 1_000]);
    });

    test('log lines and their bytes: below, at and above the limit', async () => {
      const logged = async (limits: Partial<Limits>, lines: readonly string[]): Promise<string[]> => {
        const kept: string[] = [];
        const ask = { log: (_level: string, text: string) => kept.push(text.replace(/\d+ more.*/, 'dropped')) };
        await resultOf({
          code: f('({ lines }) => { for (const line of lines) console.log(line); }'),
          ask,
          limits,
          argument: { lines },
        });
        return kept;
      };
      expect(await logged({ logLines: 3 }, ['a', 'b'])).toEqual(['a', 'b']);
      expect(await logged({ logLines: 3 }, ['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
      expect(await logged({ logLines: 3 }, ['a', 'b', 'c', 'd'])).toEqual(['a', 'b', 'c', 'dropped']);
      expect(await logged({ logBytes: 10 }, ['äää', 'abc'])).toEqual(['äää', 'abc']);
      expect(await logged({ logBytes: 10 }, ['äää', 'abcd'])).toEqual(['äää', 'abcd']);
      expect(await logged({ logBytes: 10 }, ['äää', 'abcde'])).toEqual(['äää', 'dropped']);
    });

    test('timers and open requests are bounded', async () => {
      const timers = f(
        '() => { let n = 0; try { for (;;) { setTimeout(() => {}, 1e6); n++; } } catch (error) { return n; } }',
      );
      expect(await resultOf({ code: timers, limits: { timers: 10 } })).toBe(10);
      const asks = f(
        `async () => (await Promise.allSettled(Array.from({ length: 30 }, () => fetch('/')))).filter(({ reason }) => reason.code === undefined).length`,
      );
      expect(await resultOf({ code: asks, limits: { pendingAsks: 10 } })).toBe(20);
    });
  });

  describe('compartments', () => {
    const code = f('({ ms }) => new Promise((resolve) => setTimeout(resolve, ms, 1))');

    test('closing ends runs with sandbox_restarted and blames none', async () => {
      const on = create();
      const waiting = run({ code, argument: { ms: 60_000 }, on, ask: { log: () => {} } });
      await run({ code, argument: { ms: 0 }, on });
      await on.close();
      expect(await waiting).toMatchObject({ fault: 'sandbox_restarted' });
      expect(await run({ code, argument: { ms: 0 }, on })).toMatchObject({ fault: 'sandbox_restarted' });
    });

    test('at the limit of compartments, an idle one is replaced and busy ones are shared', async () => {
      const on = createSandbox({ isolation, compartments: 1, prewarmed: false });
      const call = (connectorId: string, ms: number): Promise<Outcome> =>
        run({ code, connectorId, argument: { ms }, on });
      expect(await call('a', 0)).toMatchObject({ status: 'answered' });
      const all = await Promise.all([call('b', 300), call('a', 300), call('c', 0)]);
      expect(all).toMatchObject(Array(3).fill({ status: 'answered' }));
      await on.close();
    });
  });
});
