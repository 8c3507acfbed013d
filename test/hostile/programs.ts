/**
 * Programs that attack the runtime, each with the result its caller must get and a control that uses
 * the same means within bounds. They are meant for runs of 3.5 s, 500 ms of CPU time (more where
 * neither should be reached) and 32 MiB of heap. They are independent and all fit in one bundle. Some
 * leave their realm patched, so each needs its own integration.
 */
export interface Program {
  readonly family: Family;
  /** A short, unique description. */
  readonly name: string;
  /** Source of a function expression, called as a function in the `settings` section. */
  readonly program: string;
  /** The result its caller must get. */
  readonly expected: Expected;
  /** Source of a function expression that uses the same means within bounds and must answer `true`. */
  readonly control: string;
  /** Function name to call instead of the program's own. */
  readonly call?: string;
}

/** A fault or error code (several only if two limits race), or the answer itself. */
export type Expected = { readonly code: string | readonly string[] } | { readonly answer: unknown };

export const families = [
  'CPU time',
  'never answering',
  'heap',
  'memory outside the heap',
  'stack',
  'odd answers and odd errors',
  'floods',
  'forged results and patched built-ins',
  'work left behind',
  'requests to the runtime',
  'libraries as levers',
  'turns and memory charged to others',
  'reaching for the host',
  'names that are not the connector’s',
] as const;
export type Family = (typeof families)[number];

type Row = Omit<Program, 'family'>;
const inFamily = (family: Family, rows: readonly Row[]): Program[] => rows.map((row) => ({ family, ...row }));

/** Tells which realm a function is from: whether it is our `Function`, and whether the realm has `process`. */
const realmOf = `const realmOf = (found) => [found === Function, found('return typeof process')()];`;
const ownRealm = { answer: [true, 'undefined'] };
/** On a busy machine, the CPU time may end before a slowly growing heap exceeds its limit. */
const outgrown = { code: ['memory_limit_exceeded', 'cpu_limit_exceeded'] };
const sameFunctions = `() => Function('return 1')() === 1 && (() => {}).constructor === Function`;

const cpuTime = inFamily('CPU time', [
  {
    name: 'a loop',
    program: '() => { for (;;); }',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => { let n = 0; while (n < 1e6) n++; return n === 1e6; }',
  },
  {
    name: 'a loop after an await',
    program: 'async () => { await null; for (;;); }',
    expected: { code: 'cpu_limit_exceeded' },
    control: 'async () => { await null; let n = 0; while (n < 1e6) n++; return n === 1e6; }',
  },
  {
    name: 'a loop in a timer',
    program: '(options, callback) => { setTimeout(() => { for (;;); }, 5); }',
    expected: { code: 'cpu_limit_exceeded' },
    control: '(options, callback) => { setTimeout(() => callback(null, true), 5); }',
  },
  {
    name: 'a loop in the second call of an interval',
    program: '() => new Promise(() => { let turns = 0; setInterval(() => { if (++turns === 2) for (;;); }, 5); })',
    expected: { code: 'cpu_limit_exceeded' },
    control: `() => new Promise((resolve) => {
      let turns = 0;
      const interval = setInterval(() => { if (++turns === 2) { clearInterval(interval); resolve(true); } }, 5);
    })`,
  },
  {
    name: 'a loop after a reply',
    program: `async () => { await fetch('https://example.com').catch(() => {}); for (;;); }`,
    expected: { code: 'cpu_limit_exceeded' },
    control: `() => fetch('https://example.com').catch((error) => error.code === 'permission_denied')`,
  },
  {
    name: 'a loop in a getter of the result',
    program: '() => ({ get a() { for (;;); } })',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => { const result = { get a() { return true; } }; return result.a; }',
  },
  {
    name: 'a loop in the toJSON of a logged object',
    program: '() => { console.log({ toJSON() { for (;;); } }); return 1; }',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => { let asked = false; console.log({ toJSON() { asked = true; return 1; } }); return asked; }',
  },
  {
    name: 'a loop in the toJSON of every object',
    program: '() => { Object.prototype.toJSON = () => { for (;;); }; return {}; }',
    expected: { code: 'cpu_limit_exceeded' },
    control: `() => JSON.stringify({ toJSON: () => 1 }) === '1'`,
  },
  {
    name: 'a loop in the toString of a logged function',
    program: '() => { const logged = () => {}; logged.toString = () => { for (;;); }; console.log(logged); return 1; }',
    expected: { code: 'cpu_limit_exceeded' },
    control: `() => {
      let asked = false;
      const logged = () => {};
      logged.toString = () => { asked = true; return ''; };
      console.log(logged);
      return asked;
    }`,
  },
  {
    name: 'a loop in the toString of an address',
    program: '() => fetch({ toString() { for (;;); } })',
    expected: { code: 'cpu_limit_exceeded' },
    control: `() => fetch({ toString: () => 'https://example.com' }).catch((error) => error.code === 'permission_denied')`,
  },
  {
    name: 'a loop in the valueOf of a delay',
    program: '() => { setTimeout(() => {}, { valueOf() { for (;;); } }); return 1; }',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => new Promise((resolve) => setTimeout(resolve, { valueOf: () => 1 }, true))',
  },
  {
    name: 'a loop that catches every error',
    program: '() => { for (;;) { try { for (;;); } catch { continue; } finally { for (;;); } } }',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => { try { throw 1; } catch { return false; } finally { return true; } }',
  },
  {
    name: 'BigInts that keep squaring',
    program: '() => { for (let n = 3n; ; n *= n); }',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => { let n = 3n; for (let i = 0; i < 10; i++) n *= n; return n % 10n === 1n; }',
  },
  {
    name: 'the digits of a BigInt, again and again',
    program: '() => { const n = 7n ** 300000n; for (;;) n.toString(); }',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => (7n ** 1000n).toString().length === 846',
  },
  {
    name: 'a big sort with a slow comparator',
    program:
      '() => Array.from({ length: 3e5 }, (_, i) => (i * 7919) % 300007).sort((a, b) => { for (let i = 0; i < 500; i++); return a - b; }).length',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => Array.from({ length: 1e3 }, (_, i) => (i * 7919) % 1009).sort((a, b) => a - b)[0] === 0',
  },
  {
    name: 'a comparator that sorts',
    program:
      '() => { const list = [3, 1, 2, 4]; const order = () => { [...list].sort(order); return 0; }; for (;;) { try { list.sort(order); } catch {} } }',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => [3, 1, 2].sort((a, b) => [a, b].sort()[0] === a ? -1 : 1)[0] === 1',
  },
  {
    name: 'a regular expression that backtracks',
    program: `() => /^(a+)+$/.test('a'.repeat(50) + 'b')`,
    expected: { code: 'cpu_limit_exceeded' },
    control: `() => /^(a+)+$/.test('a'.repeat(50))`,
  },
  {
    name: 'a regular expression with back references that backtracks',
    program: `() => 'a'.repeat(5000).replace(/(?=(a*))(a*)*(a*)*\\1b/g, '')`,
    expected: { code: 'cpu_limit_exceeded' },
    control: `() => 'aab'.replace(/(a*)b/g, '') === ''`,
  },
  {
    name: 'an uninterruptible search',
    program: '() => Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => Array.prototype.indexOf.call({ length: 3, 2: 1 }, 1) === 2',
  },
  {
    name: 'an uninterruptible search in a timer',
    program: '() => new Promise(() => setTimeout(() => Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1), 10))',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => Array.prototype.includes.call({ length: 3, 2: 1 }, 1)',
  },
  {
    name: 'reversing a sparse array',
    program: '() => Array.prototype.reverse.call({ length: 2 ** 53 - 1 })',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => Array.prototype.reverse.call({ length: 2, 0: false, 1: true })[0]',
  },
  {
    name: 'many short turns of the event loop',
    program: `() => new Promise(() => {
      const turn = () => { const end = Date.now() + 10; while (Date.now() < end); setTimeout(turn, 0); };
      turn();
    })`,
    expected: { code: 'cpu_limit_exceeded' },
    control: `() => new Promise((resolve) => {
      let left = 5;
      const turn = () => { const end = Date.now() + 5; while (Date.now() < end); --left ? setTimeout(turn, 0) : resolve(true); };
      turn();
    })`,
  },
  {
    name: 'endless awaiting',
    program: 'async () => { for (;;) await null; }',
    expected: { code: 'cpu_limit_exceeded' },
    control: 'async () => { for (let i = 0; i < 100; i++) await null; return true; }',
  },
  {
    name: 'an endless promise chain',
    program: '() => { const next = () => Promise.resolve().then(next); return next(); }',
    expected: outgrown,
    control:
      '() => { let left = 100; const next = () => --left ? Promise.resolve().then(next) : true; return next(); }',
  },
  {
    name: 'a proxy that never lists its keys',
    program: '() => new Proxy({}, { ownKeys() { for (;;); } })',
    expected: { code: 'cpu_limit_exceeded' },
    control: `() => Object.keys(new Proxy({ a: 1 }, { ownKeys: () => ['a'] }))[0] === 'a'`,
  },
  {
    name: 'a proxy that never returns its prototype',
    program: 'async () => [new Proxy({}, { getPrototypeOf() { for (;;); } })]',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => Object.getPrototypeOf(new Proxy({}, { getPrototypeOf: () => null })) === null',
  },
  {
    name: 'an endless prototype chain of proxies',
    program: `() => {
      const handler = {};
      const proxy = new Proxy({}, handler);
      handler.get = (target, key, receiver) => { for (;;); };
      return Object.create(proxy).anything;
    }`,
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => Object.create(new Proxy({}, { get: () => true })).anything',
  },
  {
    name: 'an endless reviver',
    program: `() => JSON.parse('[1]', () => { for (;;); })`,
    expected: { code: 'cpu_limit_exceeded' },
    control: `() => JSON.parse('[1]', (key, value) => key === '0' ? true : value)[0]`,
  },
  {
    name: 'a reviver that keeps extending its input',
    program: `() => JSON.parse('{"a":[0]}', function (key, value) { if (key === '0') for (;;) this[0] = { a: [0] }; return value; })`,
    expected: { code: 'cpu_limit_exceeded' },
    control: `() => JSON.parse('[0,0]', function (key, value) { if (key === '0') this[1] = true; return value; })[1]`,
  },
  {
    name: 'an endless generator',
    program: '() => { function* numbers() { for (let n = 0; ; n++) yield n; } for (const n of numbers()); }',
    expected: { code: 'cpu_limit_exceeded' },
    control:
      '() => { function* numbers() { for (let n = 0; ; n++) yield n; } for (const n of numbers()) if (n > 99) return true; }',
  },
  {
    name: 'an endless async generator',
    program: 'async () => { async function* numbers() { for (;;) yield 1; } for await (const n of numbers()); }',
    expected: { code: 'cpu_limit_exceeded' },
    control: 'async () => { async function* numbers() { yield true; } for await (const n of numbers()) return n; }',
  },
  {
    name: 'a replacer within a replacer',
    program: `() => {
      const text = 'x'.repeat(1000);
      const replace = (depth) => text.replace(/x/g, () => depth > 0 ? (replace(depth - 1), '') : '');
      return replace(20);
    }`,
    expected: { code: 'cpu_limit_exceeded' },
    control: `() => 'xx'.replace(/x/g, () => 'xx'.replace(/x/g, () => 'y')) === 'yyyy'`,
  },
  {
    name: 'a tagged template in an exponential recursion',
    program: '() => { const f = (n) => n < 2 ? n : f(n - 1) + f(n - 2); return f(200); }',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => { const f = (n) => n < 2 ? n : f(n - 1) + f(n - 2); return f(10) === 55; }',
  },
  {
    name: 'a loop in a stack formatter',
    program: '() => { Error.prepareStackTrace = () => { for (;;); }; throw new Error("x"); }',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => { Error.prepareStackTrace = () => "own"; return new Error("x").stack === "own"; }',
  },
  {
    name: 'a loop in the message of an unhandled rejection',
    program: `() => new Promise(() => { Promise.reject(Object.defineProperty(new Error(), 'message', { get() { for (;;); } })); for (;;); })`,
    expected: { code: 'cpu_limit_exceeded' },
    control: `() => Object.defineProperty(new Error(), 'message', { get: () => true }).message`,
  },
  {
    name: 'a sparse array searched again and again',
    program: '() => { const list = []; list[4294967294] = 1; for (;;) list.lastIndexOf(2); }',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => { const list = []; list[9] = 1; return list.lastIndexOf(1) === 9; }',
  },
]);

const neverAnswering = inFamily('never answering', [
  {
    name: 'a callback that is never called',
    program: '(options, callback) => {}',
    expected: { code: 'never_answered' },
    control: '(options, callback) => { callback(null, true); }',
  },
  {
    name: 'a promise that never settles',
    program: '() => new Promise(() => {})',
    expected: { code: 'never_answered' },
    control: '() => new Promise((resolve) => resolve(true))',
  },
  {
    name: 'waiting for a cleared timer',
    program: '() => new Promise((resolve) => clearTimeout(setTimeout(resolve, 10, 1)))',
    expected: { code: 'never_answered' },
    control:
      '() => new Promise((resolve) => { clearTimeout(setTimeout(resolve, 5, false)); setTimeout(resolve, 10, true); })',
  },
  {
    name: 'a reply that is dropped',
    program: `() => new Promise(() => { fetch('https://example.com').catch(() => {}); })`,
    expected: { code: 'never_answered' },
    control: `() => new Promise((resolve) => { fetch('https://example.com').catch(() => resolve(true)); })`,
  },
  {
    name: 'a generator that awaits itself',
    program:
      'async () => { async function* waits() { yield await new Promise(() => {}); } for await (const one of waits()) return one; }',
    expected: { code: 'never_answered' },
    control:
      'async () => { async function* waits() { yield await Promise.resolve(true); } for await (const one of waits()) return one; }',
  },
  {
    name: 'waiting on an atomic that nobody notifies',
    program: '() => Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 0).value',
    expected: { code: 'never_answered' },
    control: `() => Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 1).value === 'not-equal'`,
  },
  {
    name: 'waiting for the garbage collector',
    program:
      '() => new Promise((resolve) => { globalThis.registry = new FinalizationRegistry(resolve); registry.register({}, 1); })',
    expected: { code: 'never_answered' },
    control: '() => new FinalizationRegistry(() => {}).register({}, 1) === undefined',
  },
  {
    name: 'an unhandled rejection and no answer',
    program: `(options, callback) => { Promise.reject(new Error('unseen')); }`,
    expected: { code: 'never_answered' },
    control: `(options, callback) => { Promise.reject(new Error('unseen')); callback(null, true); }`,
  },
  {
    name: 'a rejection handled too late',
    program: `async () => {
      const refused = Promise.reject(new Error('seen late'));
      await new Promise((resolve) => setTimeout(resolve, 4200));
      return refused.catch(() => 'late');
    }`,
    expected: { code: 'run_timeout' },
    control: `async () => {
      const refused = fetch('https://example.com');
      await new Promise((resolve) => setTimeout(resolve, 50));
      return refused.catch(({ code }) => code === 'permission_denied');
    }`,
  },
  {
    name: 'a timer that fires too late',
    program: '() => new Promise((resolve) => setTimeout(resolve, 60000, 1))',
    expected: { code: 'run_timeout' },
    control: '() => new Promise((resolve) => setTimeout(resolve, 20, true))',
  },
  {
    name: 'an endless interval',
    program: '() => new Promise(() => setInterval(() => {}, 50))',
    expected: { code: 'run_timeout' },
    control:
      '() => new Promise((resolve) => { const interval = setInterval(() => { clearInterval(interval); resolve(true); }, 20); })',
  },
  {
    name: 'a timer that sets the next',
    program: '() => new Promise(() => { const next = () => setTimeout(next, 40); next(); })',
    expected: { code: 'run_timeout' },
    control:
      '() => new Promise((resolve) => { let left = 3; const next = () => --left ? setTimeout(next, 10) : resolve(true); next(); })',
  },
  {
    name: 'a request after each reply',
    program: `async () => {
      for (;;) {
        await fetch('https://example.com').catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    }`,
    expected: { code: 'run_timeout' },
    control: `async () => {
      for (let i = 0; i < 3; i++) await fetch('https://example.com').catch(() => {});
      return true;
    }`,
  },
  {
    name: 'an answer after the deadline',
    program: '(options, callback) => { setTimeout(() => callback(null, "late"), 4200); }',
    expected: { code: 'run_timeout' },
    control: '(options, callback) => { setTimeout(() => callback(null, true), 100); }',
  },
  {
    name: 'a thread blocked on an atomic',
    program: '() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)',
    expected: { code: 'TypeError' },
    control: `() => Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20).value.then === Promise.prototype.then`,
  },
  {
    name: 'a thread blocked by an Atomics.wait reached another way',
    program: `() => {
      const cell = new Int32Array(new SharedArrayBuffer(4));
      const waits = [Reflect.get(Atomics, 'wait'), Object.getOwnPropertyDescriptor(Atomics, 'wait').value, Function('return Atomics.wait')(), (0, eval)('Atomics.wait')];
      return waits.map((wait) => { try { return Reflect.apply(wait, Atomics, [cell, 0, 0]); } catch ({ name }) { return name; } });
    }`,
    expected: { answer: ['TypeError', 'TypeError', 'TypeError', 'TypeError'] },
    control: '() => Atomics.exchange(new Int32Array(new SharedArrayBuffer(4)), 0, 1) === 0',
  },
  {
    name: 'a thread that pauses forever',
    program: '() => { for (;;) Atomics.pause?.(); }',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => Atomics.pause?.() === undefined',
  },
]);

const heap = inFamily('heap', [
  {
    name: 'an endlessly growing array',
    program: '() => { for (const list = []; ; ) list.push(new Array(1000).fill(1)); }',
    expected: { code: 'memory_limit_exceeded' },
    control:
      '() => { const list = []; while (list.length < 100) list.push(new Array(1000).fill(1)); return list.length === 100; }',
  },
  {
    name: 'an array of floating-point numbers, grown in large pieces',
    program: '() => { for (const list = []; ; ) list.push(new Array(1e6).fill(1.5)); }',
    expected: { code: 'memory_limit_exceeded' },
    control: '() => new Array(1e5).fill(1.5).length === 1e5',
  },
  {
    name: 'one huge array made by a built-in',
    program: '() => Array.from({ length: 1e9 })',
    expected: outgrown,
    control: '() => Array.from({ length: 1e4 }).length === 1e4',
  },
  {
    name: 'a spread of a long array',
    program: '() => [...Array(1e8).keys()].length',
    expected: outgrown,
    control: '() => [...Array(1e4).keys()].length === 1e4',
  },
  {
    name: 'an endlessly growing map',
    program: '() => { const map = new Map(); for (let i = 0; ; i++) map.set(i, {}); }',
    expected: outgrown,
    control: '() => { const map = new Map(); for (let i = 0; i < 1e4; i++) map.set(i, {}); return map.size === 1e4; }',
  },
  {
    name: 'an endlessly growing set',
    program: '() => { const set = new Set(); for (let i = 0; ; i++) set.add(i + 0.5); }',
    expected: outgrown,
    control:
      '() => { const set = new Set(); for (let i = 0; i < 1e4; i++) set.add(i + 0.5); return set.size === 1e4; }',
  },
  {
    name: 'an object with ever more keys',
    program: `() => { const object = {}; for (let i = 0; ; i++) object['key' + i] = [i]; }`,
    expected: outgrown,
    control: `() => { const object = {}; for (let i = 0; i < 1e4; i++) object['key' + i] = [i]; return object.key9[0] === 9; }`,
  },
  {
    name: 'a chain of closures',
    program: '() => { for (let last = null; ; ) { const before = last; last = () => before; } }',
    expected: outgrown,
    control:
      '() => { let last = null; for (let i = 0; i < 1e4; i++) { const before = last; last = () => before; } return last() !== null; }',
  },
  {
    name: 'a huge string in pieces',
    program: `() => 'x'.repeat(1 << 28).split('').length`,
    expected: { code: 'memory_limit_exceeded' },
    control: `() => 'x'.repeat(1 << 12).split('').length === 4096`,
  },
  {
    name: 'a string grown by a built-in',
    program: `() => 'x'.repeat(1 << 27).replace(/x/g, 'yy').length`,
    expected: outgrown,
    control: `() => 'x'.repeat(1 << 12).replace(/x/g, 'yy').length === 8192`,
  },
  {
    name: 'a flattened rope string',
    program: `() => { for (const all = []; ; ) { let text = 'xy' + all.length; while (text.length < 1 << 27) text += text; /z/.test(text); all.push(text); } }`,
    expected: outgrown,
    control: `() => { let text = 'xy'; while (text.length < 1 << 18) text += text; return !/z/.test(text); }`,
  },
  {
    name: 'endless regular expression matches',
    program: `() => 'ab'.repeat(5e6).match(/./g).length`,
    expected: outgrown,
    control: `() => 'ab'.repeat(500).match(/./g).length === 1000`,
  },
  {
    name: 'JSON that parses into far more memory',
    program: `() => JSON.parse('[' + '{"a":{}},'.repeat(1e6) + '0]').length`,
    expected: outgrown,
    control: `() => JSON.parse('[' + '{"a":{}},'.repeat(1e3) + '0]').length === 1001`,
  },
  {
    name: 'one string serialized many times',
    program: `() => JSON.stringify(Array(1e5).fill('x'.repeat(1e4))).length`,
    expected: outgrown,
    control: `() => JSON.stringify(Array(10).fill('x'.repeat(1e4))).length > 1e5`,
  },
  {
    name: 'promises that await each other',
    program: '() => { for (let last = new Promise(() => {}); ; ) last = last.then(() => {}); }',
    expected: outgrown,
    control:
      '() => { let last = Promise.resolve(true); for (let i = 0; i < 1000; i++) last = last.then((value) => value); return last; }',
  },
  {
    name: 'generators that never finish',
    program:
      '() => { function* one() { yield 1; } const all = []; for (;;) { const g = one(); g.next(); all.push(g); } }',
    expected: outgrown,
    control: '() => { function* one() { yield true; } return one().next().value; }',
  },
  {
    name: 'errors with their stacks',
    program:
      '() => { Error.stackTraceLimit = 200; for (const all = []; ; ) { const e = new Error("x".repeat(100) + all.length); e.stack; all.push(e); } }',
    expected: outgrown,
    control:
      '() => { const all = []; while (all.length < 100) all.push(new Error("x").stack); return all.length === 100; }',
  },
  {
    name: 'symbols registered forever',
    program: '() => { for (let i = 0; ; i++) Symbol.for("symbol" + i + "x".repeat(100)); }',
    expected: outgrown,
    control: '() => Symbol.for("a") === Symbol.for("a")',
  },
  {
    name: 'a weak map whose keys stay alive',
    program:
      '() => { const map = new WeakMap(); for (const keys = []; ; ) { const key = {}; keys.push(key); map.set(key, [key]); } }',
    expected: outgrown,
    control: '() => { const map = new WeakMap(); const key = {}; map.set(key, true); return map.get(key); }',
  },
  {
    name: 'a little more memory in each turn',
    program:
      '() => new Promise(() => { const all = []; setInterval(() => all.push(new Array(5e5).fill(all.length + 0.5)), 5); })',
    expected: { code: 'memory_limit_exceeded' },
    control: `() => new Promise((resolve) => {
      const all = [];
      const interval = setInterval(() => {
        all.push(new Array(1e4).fill(0.5));
        if (all.length === 3) { clearInterval(interval); resolve(true); }
      }, 5);
    })`,
  },
  {
    name: 'out of memory, caught and retried',
    program: '() => { for (;;) { try { for (const list = []; ; ) list.push(new Array(1e5).fill({})); } catch {} } }',
    expected: outgrown,
    control: '() => { try { new Array(-1); } catch (error) { return error instanceof RangeError; } }',
  },
]);

const outsideTheHeap = inFamily('memory outside the heap', [
  {
    name: 'endless array buffers',
    program: '() => { for (const all = []; ; ) all.push(new ArrayBuffer(1e6)); }',
    expected: { code: 'RangeError' },
    control: '() => new ArrayBuffer(1e6).byteLength === 1e6',
  },
  {
    name: 'one array buffer of a gigabyte',
    program: '() => new Uint8Array(2 ** 30).fill(1).length',
    expected: { code: 'RangeError' },
    control: '() => new Uint8Array(2 ** 20).fill(1)[5] === 1',
  },
  {
    name: 'array buffers, with each failure caught',
    program: '() => { for (const all = []; ; ) { try { all.push(new Float64Array(1e5).fill(1)); } catch {} } }',
    expected: outgrown,
    control: '() => { try { new Float64Array(-1); } catch (error) { return error instanceof RangeError; } }',
  },
  {
    name: 'endless typed arrays',
    program: '() => { for (const all = []; ; ) all.push(new BigUint64Array(1e5).fill(1n)); }',
    expected: { code: 'RangeError' },
    control: '() => new BigUint64Array(1e3).fill(1n)[9] === 1n',
  },
  {
    name: 'endless small typed arrays',
    program: '() => { for (const all = []; ; ) all.push(new Uint8Array(8)); }',
    expected: outgrown,
    control:
      '() => { const all = []; while (all.length < 1000) all.push(new Uint8Array(8)); return all.length === 1000; }',
  },
  {
    name: 'a buffer that grows',
    program: `() => {
      const buffer = new ArrayBuffer(0, { maxByteLength: 2 ** 30 });
      buffer.resize(2 ** 30);
      return new Uint8Array(buffer).fill(1).length;
    }`,
    expected: { code: 'memory_limit_exceeded' },
    control: `() => {
      const buffer = new ArrayBuffer(0, { maxByteLength: 2 ** 16 });
      buffer.resize(2 ** 16);
      return new Uint8Array(buffer).fill(1).length === 2 ** 16;
    }`,
  },
  {
    name: 'endless resizable buffers',
    program: `() => {
      for (const all = []; ; ) {
        const buffer = new ArrayBuffer(2 ** 20, { maxByteLength: 2 ** 20 });
        new Uint8Array(buffer).fill(1);
        all.push(buffer);
      }
    }`,
    expected: { code: 'memory_limit_exceeded' },
    control: '() => new ArrayBuffer(2 ** 10, { maxByteLength: 2 ** 10 }).resizable',
  },
  {
    name: 'endless address space reservations',
    program: '() => { for (const all = []; ; ) all.push(new ArrayBuffer(0, { maxByteLength: 2 ** 30 })); }',
    expected: { code: ['RangeError', 'cpu_limit_exceeded'] },
    control: '() => new ArrayBuffer(0, { maxByteLength: 2 ** 20 }).maxByteLength === 2 ** 20',
  },
  {
    name: 'a buffer transferred into ever larger ones',
    program:
      '() => { for (let buffer = new ArrayBuffer(2 ** 20); ; ) buffer = buffer.transfer(buffer.byteLength * 2); }',
    expected: { code: 'RangeError' },
    control: '() => new ArrayBuffer(8).transfer(16).byteLength === 16',
  },
  {
    name: 'endless shared buffers',
    program: '() => { for (const all = []; ; ) all.push(new Uint8Array(new SharedArrayBuffer(1e6)).fill(1)); }',
    expected: { code: 'RangeError' },
    control: '() => new SharedArrayBuffer(1e5).byteLength === 1e5',
  },
  {
    name: 'a shared buffer that grows',
    program: `() => {
      const buffer = new SharedArrayBuffer(0, { maxByteLength: 2 ** 30 });
      buffer.grow(2 ** 30);
      return new Uint8Array(buffer).fill(1).length;
    }`,
    expected: { code: ['memory_limit_exceeded', 'RangeError'] },
    control: `() => {
      const buffer = new SharedArrayBuffer(0, { maxByteLength: 2 ** 16 });
      buffer.grow(2 ** 16);
      return buffer.byteLength === 2 ** 16;
    }`,
  },
  {
    name: 'endless date formats',
    program: `() => { for (const all = []; ; ) all.push(new Intl.DateTimeFormat('de', { dateStyle: 'full' })); }`,
    expected: outgrown,
    control: `() => new Intl.DateTimeFormat('en', { timeZone: 'UTC' }).format(0) === '1/1/1970'`,
  },
  {
    name: 'endless collators and segmenters',
    program: `() => {
      for (const all = []; ; ) {
        all.push(new Intl.Collator('de', { numeric: true }), new Intl.Segmenter('ja').segment('x'.repeat(1000)));
      }
    }`,
    expected: outgrown,
    control: `() => new Intl.Collator('de').compare('a', 'b') === -1`,
  },
  {
    name: 'big flat strings',
    program: `() => { for (const all = []; ; ) { const text = 'ä€'.repeat(5e5) + all.length; text.charCodeAt(9); /q/.test(text); all.push(text); } }`,
    expected: outgrown,
    control: `() => { const text = 'ä€'.repeat(5e3) + 1; return !/q/.test(text); }`,
  },
  {
    name: 'a string normalized',
    program: `() => { for (const all = []; ; ) all.push('ﷺ'.repeat(1 << 22).normalize('NFKD')); }`,
    expected: { code: 'memory_limit_exceeded' },
    control: `() => 'ﷺ'.normalize('NFKD').length === 18`,
  },
  {
    name: 'endless BigInts',
    program: '() => { const all = []; for (let n = 1n << 1000000n; ; n += 1n) all.push(n); }',
    expected: { code: 'memory_limit_exceeded' },
    control: '() => (1n << 100000n) >> 99999n === 2n',
  },
  {
    name: 'endless compiled functions',
    program: `() => { for (const all = []; ; ) all.push(Function('return ' + all.length + '+ x.y'.repeat(200))); }`,
    expected: outgrown,
    control: `() => Function('return 1 + 1')() === 2`,
  },
  {
    name: 'endless eval',
    program: `() => { for (let i = 0; ; i++) (0, eval)('var kept' + i + ' = function () { return [' + '1,'.repeat(500) + '] }; kept' + i + '()'); }`,
    expected: outgrown,
    control: `() => (0, eval)('1 + 1') === 2`,
  },
  {
    name: 'endless compiled regular expressions',
    program: `() => { const all = []; for (let i = 0; ; i++) { const r = new RegExp('a{' + (i % 900) + '}(b|c)+' + i); r.test('aaabc'); r.test('aaabc'); all.push(r); } }`,
    expected: outgrown,
    control: `() => new RegExp('a{3}(b|c)+1').test('aaab1')`,
  },
  {
    name: 'a regular expression that expands when compiled',
    program: `() => new RegExp('(?:' + 'ab?'.repeat(30000) + '){1000}').test('a')`,
    expected: { code: 'SyntaxError' },
    control: `() => new RegExp('(?:ab?){10}').test('a'.repeat(100))`,
  },
  {
    name: 'a regular expression with a huge backtrack stack',
    program: `() => /(?:(a)|b|(c))*?d/.test('ab'.repeat(1 << 22))`,
    expected: { code: 'RangeError' },
    control: `() => /(?:(a)|b|(c))*?d/.test('ab'.repeat(10) + 'd')`,
  },
]);

const stack = inFamily('stack', [
  {
    name: 'an endless recursion',
    program: '() => { const f = () => f() + 1; return f(); }',
    expected: { code: 'RangeError' },
    control: '() => { const f = (n) => n === 0 || f(n - 1); return f(100); }',
  },
  {
    name: 'a recursion through getters of the result',
    program:
      '() => { const result = { get a() { return Object.create(null, Object.getOwnPropertyDescriptors(result)); } }; return result; }',
    expected: { code: 'invalid_extension_response' },
    control: '() => { const result = { get a() { return true; } }; return result.a; }',
  },
  {
    name: 'a recursion through toString',
    program: `() => { const o = { toString() { return '' + o; } }; return String(o); }`,
    expected: { code: 'RangeError' },
    control: `() => String({ toString: () => 'a' }) === 'a'`,
  },
  {
    name: 'a recursion through a proxy that is its own prototype',
    program:
      '() => { const proxy = new Proxy({}, {}); Object.setPrototypeOf(proxy, new Proxy(Object.create(proxy), {})); return proxy.a; }',
    expected: { code: 'RangeError' },
    control: '() => Object.create(new Proxy({ a: true }, {})).a',
  },
  {
    name: 'a tall pile of proxies',
    program: '() => { let proxy = {}; for (let i = 0; i < 1e5; i++) proxy = new Proxy(proxy, {}); return proxy.a; }',
    expected: { code: 'RangeError' },
    control:
      '() => { let proxy = { a: true }; for (let i = 0; i < 100; i++) proxy = new Proxy(proxy, {}); return proxy.a; }',
  },
  {
    name: 'a tall pile of iterators',
    program:
      '() => { let it = [1].values(); for (let i = 0; i < 1e5; i++) it = it.map((x) => x); return it.next().value; }',
    expected: { code: 'RangeError' },
    control:
      '() => { let it = [true].values(); for (let i = 0; i < 100; i++) it = it.map((x) => x); return it.next().value; }',
  },
  {
    name: 'a deep array serialized as JSON',
    program:
      '() => { let list = []; for (let i = 0; i < 1e5; i++) list = [list]; return JSON.stringify(list, (key, value) => value).length; }',
    expected: { code: 'RangeError' },
    control:
      '() => { let list = []; for (let i = 0; i < 100; i++) list = [list]; return JSON.stringify(list, (key, value) => value).length === 202; }',
  },
  {
    name: 'a deep array logged',
    program: '() => { let list = []; for (let i = 0; i < 1e5; i++) list = [list]; console.log(list); return 1; }',
    expected: { answer: 1 },
    control: '() => { console.log([[[]]]); return true; }',
  },
  {
    name: 'an array flattened into itself',
    program: '() => { const list = []; list.push(list); return list.flat(Infinity); }',
    expected: { code: 'RangeError' },
    control: '() => [[[1]]].flat(Infinity)[0] === 1',
  },
  {
    name: 'more brackets than the parser can handle',
    program: `() => Function('return ' + '('.repeat(1e6) + ')'.repeat(1e6))()`,
    expected: { code: 'RangeError' },
    control: `() => Function('return ' + '('.repeat(100) + '1' + ')'.repeat(100))() === 1`,
  },
  {
    name: 'more groups than the regular expression compiler can handle',
    program: `() => new RegExp('('.repeat(1e5) + ')'.repeat(1e5))`,
    expected: { code: 'SyntaxError' },
    control: `() => new RegExp('('.repeat(10) + ')'.repeat(10)).test('')`,
  },
  {
    name: 'far too many arguments',
    program: '() => Math.max(...Array(2e6).fill(1))',
    expected: { code: 'RangeError' },
    control: '() => Math.max(...Array(100).fill(1)) === 1',
  },
  {
    name: 'a recursion that logs at the end of the stack',
    program: `() => {
      let deepest = 0;
      const dive = (depth) => { deepest = depth; console.log('x'.repeat(depth % 7)); dive(depth + 1); };
      try { dive(0); } catch (error) { return error instanceof RangeError && deepest > 100; }
    }`,
    expected: { answer: true },
    control: '() => { const dive = (depth) => depth === 0 || (console.log(depth), dive(depth - 1)); return dive(20); }',
  },
  {
    name: 'a recursion that sends requests at the end of the stack',
    program: `() => {
      const ask = fetch;
      let asked = 0;
      const dive = () => { try { dive(); } catch (error) { if (asked++ < 50) ask('/x').catch(() => {}); throw error; } };
      try { dive(); } catch (error) { return error instanceof RangeError; }
    }`,
    expected: { answer: true },
    control: `() => { fetch('https://example.com').catch(() => {}); return true; }`,
  },
  {
    name: 'an answer given at the end of the stack',
    program:
      '(options, callback) => { const dive = () => { try { dive(); } catch { callback(null, [[[[1]]]]); } }; dive(); }',
    expected: { answer: [[[[1]]]] },
    control: '(options, callback) => { callback(null, true); }',
  },
  {
    name: 'an error nested in errors',
    program: '() => { const f = () => { try { f(); } catch (cause) { throw new Error("again", { cause }); } }; f(); }',
    expected: { code: 'Error' },
    control: '() => new Error("a", { cause: true }).cause',
  },
]);

const oddAnswers = inFamily('odd answers and odd errors', [
  { name: 'undefined', program: '() => undefined', expected: { answer: {} }, control: '() => true' },
  {
    name: 'a function',
    program: '() => () => 1',
    expected: { code: 'invalid_extension_response' },
    control: '() => (() => true)()',
  },
  {
    name: 'a symbol',
    program: `() => Symbol('s')`,
    expected: { code: 'invalid_extension_response' },
    control: `() => typeof Symbol('s') === 'symbol'`,
  },
  {
    name: 'NaN',
    program: '() => ({ a: NaN })',
    expected: { code: 'invalid_extension_response' },
    control: '() => Number.isNaN(NaN)',
  },
  {
    name: 'infinity',
    program: '(options, callback) => callback(null, [-Infinity])',
    expected: { code: 'invalid_extension_response' },
    control: '(options, callback) => callback(null, -Infinity < 0)',
  },
  {
    name: 'a circular object',
    program: '() => { const a = { list: [] }; a.list.push(a); return a; }',
    expected: { code: 'invalid_extension_response' },
    control: '() => { const a = {}; a.a = a; return a.a.a === a; }',
  },
  {
    name: 'a BigInt',
    program: '() => ({ a: 1n })',
    expected: { code: 'invalid_extension_response' },
    control: '() => 1n === BigInt(1)',
  },
  {
    name: 'a date',
    program: '() => ({ at: new Date(0) })',
    expected: { code: 'invalid_extension_response' },
    control: '() => new Date(0).getTime() === 0',
  },
  {
    name: 'a map',
    program: '() => new Map([[1, 2]])',
    expected: { code: 'invalid_extension_response' },
    control: '() => new Map([[1, true]]).get(1)',
  },
  {
    name: 'an instance of a class',
    program: '() => new (class Answer { a = 1 })()',
    expected: { code: 'invalid_extension_response' },
    control: '() => new (class Answer { a = true })().a',
  },
  {
    name: 'a boxed boolean',
    program: '() => new Boolean(true)',
    expected: { code: 'invalid_extension_response' },
    control: '() => new Boolean(true).valueOf()',
  },
  {
    name: 'a sparse array',
    program: '() => [1, , 3]',
    expected: { code: 'invalid_extension_response' },
    control: '() => !(1 in [1, , 3])',
  },
  {
    name: 'an array of four billion holes',
    program: '() => new Array(4294967295)',
    expected: { code: 'invalid_extension_response' },
    control: '() => new Array(4294967295).length === 4294967295',
  },
  {
    name: 'a getter that throws',
    program: '() => ({ get a() { throw new Error("no"); } })',
    expected: { code: 'invalid_extension_response' },
    control: '() => { try { ({ get a() { throw true; } }).a; } catch (thrown) { return thrown; } }',
  },
  {
    name: 'a getter that is plain only the first time',
    program: '() => { let reads = 0; return { get a() { return ++reads > 1 ? 1n : 1; } }; }',
    expected: { code: 'invalid_extension_response' },
    control: '() => { let reads = 0; const o = { get a() { return ++reads; } }; return o.a === 1 && o.a === 2; }',
  },
  {
    name: 'a getter that grows the second time',
    program: `() => { let reads = 0; return { get a() { let list = []; if (++reads > 1) for (let i = 0; i < 1000; i++) list = [list]; return list; } }; }`,
    expected: { code: 'invalid_extension_response' },
    control: '() => { let list = []; for (let i = 0; i < 100; i++) list = [list]; return Array.isArray(list); }',
  },
  {
    name: 'a toJSON that lies',
    program: '() => ({ a: 1, toJSON: () => ({ forged: 1 }) })',
    expected: { code: 'invalid_extension_response' },
    control: `() => JSON.stringify({ toJSON: () => 1 }) === '1'`,
  },
  {
    name: 'a toJSON in an array’s prototype',
    program:
      '() => { const list = [1]; Object.setPrototypeOf(list, { __proto__: Array.prototype, toJSON: () => "forged" }); return list; }',
    expected: { code: 'invalid_extension_response' },
    control: '() => Object.getPrototypeOf([]) === Array.prototype',
  },
  {
    name: 'a proxy with other keys each time',
    program: `() => {
      let reads = 0;
      return new Proxy({}, {
        ownKeys: () => [++reads > 1 ? 'b' : 'a'],
        getOwnPropertyDescriptor: () => ({ value: 1n, enumerable: true, configurable: true }),
        get: (target, key) => key === 'a' ? 1 : key === 'b' ? 1n : undefined,
      });
    }`,
    expected: { code: 'invalid_extension_response' },
    control: `() => Reflect.ownKeys(new Proxy({}, { ownKeys: () => ['a'] })).length === 1`,
  },
  {
    name: 'a proxy that has been revoked',
    program:
      '(options, callback) => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); callback(null, { proxy }); }',
    expected: { code: 'invalid_extension_response' },
    control:
      '() => { const { proxy, revoke } = Proxy.revocable({ a: true }, {}); const { a } = proxy; revoke(); return a; }',
  },
  {
    name: 'an array that claims to be endless',
    program:
      '() => new Proxy([], { get: (target, key) => key === "length" ? Infinity : key === "then" ? undefined : 1 })',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => new Proxy([], { get: () => 3 }).length === 3',
  },
  {
    name: 'an answer nested too deep',
    program: '() => { let list = []; for (let i = 0; i < 250; i++) list = [list]; return list; }',
    expected: { code: 'invalid_extension_response' },
    control: '() => { let list = []; for (let i = 0; i < 150; i++) list = [list]; return Array.isArray(list); }',
  },
  {
    name: 'an answer nested a hundred thousand levels deep',
    program: '() => { let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; return o; }',
    expected: { code: 'invalid_extension_response' },
    control: '() => { let o = {}; for (let i = 0; i < 100; i++) o = { o }; return typeof o.o.o === "object"; }',
  },
  {
    name: 'an answer of a hundred megabytes',
    program: `() => 'x'.repeat(1e8)`,
    expected: { code: 'memory_limit_exceeded' },
    control: `() => 'x'.repeat(1e5).length === 1e5`,
  },
  {
    name: 'an answer a little too large',
    program: `() => 'x'.repeat(5 * 1024 * 1024)`,
    expected: { code: 'response_size_exceeded' },
    control: `() => 'x'.repeat(5 * 1024 * 1024 - 2).length > 0`,
  },
  {
    name: 'an answer of few multi-byte characters',
    program: `() => '€'.repeat(2e6)`,
    expected: { code: 'response_size_exceeded' },
    control: `() => '€'.repeat(10).length === 10`,
  },
  {
    name: 'an answer that repeats one large part',
    program: `() => Array(200).fill('x'.repeat(3e4))`,
    expected: { code: 'response_size_exceeded' },
    control: `() => Array(20).fill('x'.repeat(3e4)).length === 20`,
  },
  {
    name: 'half a surrogate pair',
    program: `() => ({ text: '\\ud800' })`,
    expected: { answer: { text: '\ud800' } },
    control: `() => !'\\ud800'.isWellFormed()`,
  },
  {
    name: 'a key named __proto__',
    program: `() => JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}')`,
    expected: { answer: JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}') },
    control: `() => Object.keys(JSON.parse('{"__proto__":1}'))[0] === '__proto__'`,
  },
  {
    name: 'an answer that looks like the runtime’s own message',
    program: `() => ({ type: 'faulted', kind: 'error', fault: 'sandbox_restarted', code: 'x', status: 500 })`,
    expected: { answer: { type: 'faulted', kind: 'error', fault: 'sandbox_restarted', code: 'x', status: 500 } },
    control: '() => true',
  },
  {
    name: 'an error with a huge message',
    program: `() => { throw Object.assign(new Error('m'.repeat(5e6)), { code: 'E_HUGE' }); }`,
    expected: { code: 'E_HUGE' },
    control: `() => new Error('m'.repeat(10)).message.length === 10`,
  },
  {
    name: 'an error with a huge code',
    program: `() => { throw { code: 'c'.repeat(5e6), message: 'm' }; }`,
    expected: { code: 'c'.repeat(200) },
    control: `() => { try { throw { code: true }; } catch ({ code }) { return code; } }`,
  },
  {
    name: 'an error whose code has line breaks',
    program: `() => { throw { code: 'E\\r\\nX-Forged: 1', message: 'm\\u0000' }; }`,
    expected: { code: 'E\r\nX-Forged: 1' },
    control: `() => 'a\\r\\n'.length === 3`,
  },
  {
    name: 'an error whose code is an object',
    program: `() => { throw Object.assign(new TypeError('m'), { code: { toString() { for (;;); } } }); }`,
    expected: { code: 'TypeError' },
    control: `() => new TypeError('m').name === 'TypeError'`,
  },
  {
    name: 'null thrown',
    program: '() => { throw null; }',
    expected: { code: 'Error' },
    control: '() => { try { throw null; } catch (thrown) { return thrown === null; } }',
  },
  {
    name: 'a rejection with undefined',
    program: '() => Promise.reject()',
    expected: { code: 'Error' },
    control: '() => Promise.reject().catch((thrown) => thrown === undefined)',
  },
  {
    name: 'a proxy thrown',
    program: '() => { throw new Proxy({}, { get() { throw new Proxy({}, { get() { throw 1; } }); } }); }',
    expected: { code: 'Error' },
    control: '() => { try { throw new Proxy({}, { get: () => true }); } catch (thrown) { return thrown.a; } }',
  },
  {
    name: 'a revoked proxy thrown',
    program: '() => { const { proxy, revoke } = Proxy.revocable(() => {}, {}); revoke(); throw proxy; }',
    expected: { code: 'Error' },
    control: '() => { const { proxy } = Proxy.revocable(() => true, {}); return proxy(); }',
  },
  {
    name: 'an error whose message getter never returns',
    program: '() => { throw Object.defineProperty(new Error(), "message", { get() { for (;;); } }); }',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => Object.defineProperty(new Error(), "message", { get: () => true }).message',
  },
  {
    name: 'an error whose getters throw the error itself',
    program:
      '() => { const error = { get code() { throw error; }, get name() { throw error; }, get message() { throw error; }, get stack() { throw error; } }; throw error; }',
    expected: { code: 'Error' },
    control:
      '() => { const error = { get code() { throw error; } }; try { error.code; } catch (thrown) { return thrown === error; } }',
  },
  {
    name: 'an error that answers from within its getter',
    program:
      '(options, callback) => { callback({ get code() { callback(null, "from within"); return "E_GETTER"; } }); }',
    expected: { answer: 'from within' },
    control: '(options, callback) => { callback(null, true); }',
  },
  {
    name: 'an error posing as a fault of the runtime',
    program: `() => { throw Object.assign(new Error('forged'), { code: 'not_found', status: 404, fault: 'overloaded', expose: true }); }`,
    expected: { code: 'not_found' },
    control: `() => Object.assign(new Error('e'), { code: true }).code`,
  },
  {
    name: 'a thenable that never resolves',
    program: '() => ({ then() {} })',
    expected: { code: 'never_answered' },
    control: '() => ({ then(resolve) { resolve(true); } })',
  },
  {
    name: 'a thenable that resolves with itself',
    program: '() => { const thenable = { then(resolve) { resolve(thenable); } }; return thenable; }',
    expected: { code: 'cpu_limit_exceeded' },
    control:
      '() => { let left = 9; const thenable = { then(resolve) { resolve(--left ? thenable : true); } }; return thenable; }',
  },
  {
    name: 'a promise that awaits itself',
    program: '() => { const waits = Promise.resolve().then(() => waits); return waits; }',
    expected: { code: 'TypeError' },
    control: '() => { const one = Promise.resolve(true); return Promise.resolve().then(() => one); }',
  },
  {
    name: 'a thenable that resolves, rejects and throws',
    program: '() => ({ then(resolve, reject) { resolve(1); reject(new Error("second")); throw new Error("third"); } })',
    expected: { answer: 1 },
    control: '() => ({ then(resolve) { resolve(true); } })',
  },
]);

const floods = inFamily('floods', [
  {
    name: 'log lines',
    program: `() => { for (let i = 0; i < 20000; i++) console.log('line', i); return 'logged'; }`,
    expected: { answer: 'logged' },
    control: `() => { console.log('line'); return true; }`,
  },
  {
    name: 'large log lines',
    program: `() => { for (let i = 0; i < 50; i++) console.error('€'.repeat(1e5), { text: 'x'.repeat(1e5) }); return 'logged'; }`,
    expected: { answer: 'logged' },
    control: `() => { console.error('€'.repeat(10)); return true; }`,
  },
  {
    name: 'log lines of many arguments',
    program: `() => { console.log(...Array(5e4).fill('x'.repeat(100))); return 'logged'; }`,
    expected: { answer: 'logged' },
    control: `() => { console.log(...Array(10).fill('x')); return true; }`,
  },
  {
    name: 'timers until one is refused',
    program: '() => { let set = 0; try { for (;;) { setTimeout(() => {}, 1e6); set++; } } catch { return set; } }',
    expected: { answer: 1000 },
    control: '() => { for (let i = 0; i < 500; i++) clearTimeout(setTimeout(() => {}, 1e6)); return true; }',
  },
  {
    name: 'timers set and cleared forever',
    program: '() => { for (;;) clearInterval(setInterval(() => {}, 1)); }',
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => { for (let i = 0; i < 2000; i++) clearInterval(setInterval(() => {}, 1)); return true; }',
  },
  {
    name: 'a thousand intervals at once',
    program:
      '() => new Promise(() => { for (let i = 0; i < 1000; i++) setInterval(() => { for (let n = 0; n < 1e5; n++); }, 0); })',
    expected: { code: 'cpu_limit_exceeded' },
    control:
      '() => new Promise((resolve) => { for (let i = 0; i < 100; i++) setTimeout(i === 99 ? resolve : () => {}, 5, true); })',
  },
  {
    name: 'many requests at once',
    program: `async () => {
      const all = await Promise.allSettled(Array.from({ length: 500 }, () => fetch('https://example.com')));
      return all.filter(({ reason }) => reason.code === undefined).length;
    }`,
    expected: { answer: 400 },
    control: `async () => {
      const all = await Promise.allSettled(Array.from({ length: 50 }, () => fetch('https://example.com')));
      return all.every(({ reason }) => reason.code === 'permission_denied');
    }`,
  },
  {
    name: 'requests with huge bodies',
    program: `() => fetch('https://example.com', { method: 'POST', body: 'x'.repeat(9 * 1024 * 1024) })`,
    expected: { code: 'Error' },
    control: `() => fetch('https://example.com', { method: 'POST', body: 'x'.repeat(1e5) }).catch(({ code }) => code === 'permission_denied')`,
  },
  {
    name: 'many requests with large bodies at once',
    program: `async () => {
      const body = 'x'.repeat(1e5);
      const all = await Promise.allSettled(Array.from({ length: 100 }, () => fetch('https://example.com', { method: 'POST', body })));
      return all.filter(({ status }) => status === 'fulfilled').length;
    }`,
    expected: { answer: 0 },
    control: `async () => {
      const all = await Promise.allSettled([1, 2].map(() => fetch('https://example.com', { method: 'POST', body: 'x' })));
      return all.length === 2;
    }`,
  },
  {
    name: 'requests with endless headers',
    program: `() => {
      const endless = { *[Symbol.iterator]() { for (let i = 0; ; i++) yield ['h' + i, 'v']; } };
      const list = []; list[Symbol.iterator] = endless[Symbol.iterator];
      return fetch('https://example.com', { headers: list });
    }`,
    expected: outgrown,
    control: `() => fetch('https://example.com', { headers: [['a', 'b']] }).catch(({ code }) => code === 'permission_denied')`,
  },
  {
    name: 'progress',
    program: `() => { const { progress } = require('bulkhead'); for (let i = 0; i < 5000; i++) progress(i / 5000, 'step'); return 'done'; }`,
    expected: { answer: 'done' },
    control: `() => { require('bulkhead').progress(0.5, 'half'); return true; }`,
  },
  {
    name: 'progress with huge messages and no fraction',
    program: `() => { const { progress } = require('bulkhead'); for (let i = 0; i < 50; i++) progress(NaN, 'x'.repeat(1e6)); return 'done'; }`,
    expected: { answer: 'done' },
    control: `() => { require('bulkhead').progress(1, 'x'.repeat(100)); return true; }`,
  },
  {
    name: 'microtasks',
    program: '() => new Promise(() => { const next = () => queueMicrotask(next); next(); })',
    expected: { code: 'cpu_limit_exceeded' },
    control:
      '() => new Promise((resolve) => { let left = 100; const next = () => --left ? queueMicrotask(next) : resolve(true); next(); })',
  },
  {
    name: 'exponential microtasks',
    program: '() => new Promise(() => { const next = () => { queueMicrotask(next); queueMicrotask(next); }; next(); })',
    expected: outgrown,
    control: '() => new Promise((resolve) => { queueMicrotask(() => {}); queueMicrotask(() => resolve(true)); })',
  },
  {
    name: 'endless pending promises',
    program: '() => { const all = []; for (;;) all.push(new Promise(() => {})); }',
    expected: outgrown,
    control: '() => Promise.all(Array.from({ length: 1000 }, () => Promise.resolve(true))).then(([first]) => first)',
  },
  {
    name: 'unhandled rejections',
    program: `() => { for (let i = 0; i < 20000; i++) Promise.reject(new Error('unseen')); return 'done'; }`,
    expected: { answer: 'done' },
    control: '() => { Promise.reject(1); return true; }',
  },
  {
    name: 'many answers',
    program: '(options, callback) => { for (let i = 0; i < 20000; i++) callback(null, i); }',
    expected: { answer: 0 },
    control: '(options, callback) => { callback(null, true); callback(null, false); }',
  },
]);

const forged = inFamily('forged results and patched built-ins', [
  {
    name: 'JSON.stringify replaced',
    program: `() => { JSON.stringify = () => '"forged"'; return { a: 1 }; }`,
    expected: { answer: { a: 1 } },
    control: `() => { const { stringify } = JSON; JSON.stringify = () => 'own'; const own = JSON.stringify(1); JSON.stringify = stringify; return own === 'own'; }`,
  },
  {
    name: 'JSON.parse replaced',
    program: `async () => { JSON.parse = () => ({ value: { status: 999, headers: [] } }); try { await fetch('https://example.com'); } catch ({ code }) { return code; } }`,
    expected: { answer: 'permission_denied' },
    control: `() => { const { parse } = JSON; JSON.parse = () => 'own'; const own = JSON.parse('1'); JSON.parse = parse; return own === 'own'; }`,
  },
  {
    name: 'Promise.prototype.then replaced',
    program: `async () => { Promise.prototype.then = function (ok) { ok('forged'); return this; }; return 'honest'; }`,
    expected: { answer: 'honest' },
    control: '() => Promise.resolve(true).then((value) => value)',
  },
  {
    name: 'Promise.prototype.then made endless',
    program: `async () => { Promise.prototype.then = () => { for (;;); }; return 'honest'; }`,
    expected: { answer: 'honest' },
    control: '() => Promise.resolve(true).then((value) => value)',
  },
  {
    name: 'Promise.resolve and Promise itself replaced',
    program: `async () => { Promise.resolve = () => ({ then: (ok) => ok('forged') }); globalThis.Promise = class { then(ok) { ok('forged'); } }; return 'honest'; }`,
    expected: { answer: 'honest' },
    control: '() => Promise.resolve(true)',
  },
  {
    name: 'the species of promises replaced',
    program: `async () => {
      const seen = [];
      class Spy extends Promise { constructor(work) { super(work); seen.push(work); } }
      Object.defineProperty(Promise, Symbol.species, { get: () => Spy });
      return 'honest';
    }`,
    expected: { answer: 'honest' },
    control: `() => { class Spy extends Promise {} return Spy.resolve(true).then((value) => value) instanceof Spy; }`,
  },
  {
    name: 'the methods of arrays replaced',
    program: `() => {
      for (const name of ['push', 'join', 'map', 'forEach', 'slice', 'includes', 'indexOf', 'toString']) Array.prototype[name] = () => 'forged';
      console.log([1, 2]);
      return [1, 2];
    }`,
    expected: { answer: [1, 2] },
    control:
      '() => { const { at } = Array.prototype; Array.prototype.at = () => true; const own = [].at(0); Array.prototype.at = at; return own; }',
  },
  {
    name: 'setters on array indices',
    program: `() => {
      let caught = 0;
      for (const index of [0, 1, 2]) Object.defineProperty(Array.prototype, index, { get: () => 'forged', set() { caught++; }, configurable: true });
      console.log('a', 'b');
      setTimeout(() => {}, 1);
      const ofHarness = caught;
      return fetch('https://example.com').then(() => 'forged', () => ({ caught: ofHarness }));
    }`,
    expected: { answer: { caught: 0 } },
    control: `() => {
      let caught = 0;
      Object.defineProperty(Array.prototype, 7, { set() { caught++; }, configurable: true });
      const list = [];
      list[7] = 1;
      delete Array.prototype[7];
      return caught === 1;
    }`,
  },
  {
    name: 'an error on Object.prototype',
    program: `async ({ _integrationId }) => {
      Object.prototype.error = { code: 'forged', message: 'forged' };
      return (await fetch('/integrations/' + _integrationId)).status;
    }`,
    expected: { answer: 200 },
    control: `async ({ _integrationId }) => (await fetch('/integrations/' + _integrationId)).status === 200`,
  },
  {
    name: 'a value on Object.prototype',
    program: `() => {
      const ask = fetch;
      Object.prototype.value = { status: 200, headers: [], body: 'forged' };
      Object.prototype.kind = 'result';
      Object.prototype.text = '"forged"';
      return ask('https://example.com').then(() => 'forged', () => 'refused');
    }`,
    expected: { answer: 'refused' },
    control: `() => { Object.prototype.own = true; const { own } = {}; delete Object.prototype.own; return own; }`,
  },
  {
    name: 'setters named like protocol fields',
    program: `() => {
      let caught = 0;
      for (const key of ['kind', 'text', 'code', 'message', 'stack', 'runId', 'type', 'status', 'result', 'callback', 'args', 'repeat', 'resolve', 'reject', 'url', 'method', 'body', 'then']) {
        Object.defineProperty(Object.prototype, key, { get: () => undefined, set() { caught++; }, configurable: true });
      }
      setTimeout(() => {}, 1);
      const ofHarness = caught;
      return fetch('https://example.com').then(() => 0, () => ofHarness <= 1);
    }`,
    expected: { answer: true },
    control: `() => {
      let caught = 0;
      Object.defineProperty(Object.prototype, 'word', { set() { caught++; }, configurable: true });
      const object = {};
      object.word = 1;
      delete Object.prototype.word;
      return caught === 1;
    }`,
  },
  {
    name: 'a getter in every property descriptor',
    program: `() => { Object.prototype.get = () => 'forged'; throw Object.assign(new Error('honest'), { code: 'E_HONEST' }); }`,
    expected: { code: 'E_HONEST' },
    control: `() => { try { throw Object.assign(new Error('honest'), { code: 'E_HONEST' }); } catch ({ code }) { return code === 'E_HONEST'; } }`,
  },
  {
    name: 'every plain object a thenable',
    program: `() => { Object.prototype.then = function (resolve) { resolve('mine'); }; return { a: 1 }; }`,
    expected: { answer: 'mine' },
    control: '() => ({ then(resolve) { resolve(true); } })',
  },
  {
    name: 'every plain object a thenable that never resolves',
    program: `async ({ _integrationId }) => { Object.prototype.then = () => {}; await fetch('/integrations/' + _integrationId); return 1; }`,
    expected: { code: 'never_answered' },
    control: '() => ({ then(resolve) { resolve(true); } })',
  },
  {
    name: 'call, apply and bind replaced',
    program: `() => {
      for (const name of ['call', 'apply', 'bind']) Function.prototype[name] = () => 'forged';
      console.log({ a: 1 });
      return new Promise((resolve) => setTimeout(resolve, 1, 'honest'));
    }`,
    expected: { answer: 'honest' },
    control: '() => ((value) => value).call(null, true)',
  },
  {
    name: 'the stack formatter replaced',
    program: `() => { Error.prepareStackTrace = () => ({ toString: () => 'forged' }); throw Object.assign(new Error('honest'), { code: 'E_HONEST' }); }`,
    expected: { code: 'E_HONEST' },
    control:
      '() => { Error.prepareStackTrace = () => true; const { stack } = new Error("x"); delete Error.prepareStackTrace; return stack; }',
  },
  {
    name: 'the iterators of arrays, maps and strings replaced',
    program: `() => {
      const ask = fetch;
      const forged = function* () { yield 'forged'; };
      for (const holder of [Array.prototype, Map.prototype, Set.prototype, String.prototype]) holder[Symbol.iterator] = forged;
      const next = Object.getPrototypeOf(new Map().entries());
      next.next = () => ({ done: true });
      console.log('a', ['b']);
      return ask('https://example.com', { headers: { a: 'b' } }).then(() => 'forged', () => ['honest']);
    }`,
    expected: { answer: ['honest'] },
    control: `() => { const own = { *[Symbol.iterator]() { yield true; } }; return [...own][0]; }`,
  },
  {
    name: 'Reflect replaced',
    program: `() => {
      for (const name of Reflect.ownKeys(Reflect)) if (typeof Reflect[name] === 'function') Reflect[name] = () => 'forged';
      return new (class Answer {})();
    }`,
    expected: { code: 'invalid_extension_response' },
    control: `() => { const { has } = Reflect; Reflect.has = () => 'own'; const own = Reflect.has({}, 'a'); Reflect.has = has; return own === 'own'; }`,
  },
  {
    name: 'the built-ins that detect plain objects replaced',
    program: `() => {
      Object.getPrototypeOf = () => Object.prototype;
      Array.isArray = () => true;
      Number.isFinite = () => true;
      isFinite = () => true;
      return { a: NaN };
    }`,
    expected: { code: 'invalid_extension_response' },
    control: `() => { const { isArray } = Array; Array.isArray = () => true; const own = Array.isArray({}); Array.isArray = isArray; return own; }`,
  },
  {
    name: 'the methods of strings replaced',
    program: `() => {
      for (const name of ['slice', 'split', 'includes', 'toLowerCase', 'toUpperCase', 'substring', 'toString', 'valueOf']) String.prototype[name] = () => 'forged';
      throw Object.assign(new Error('honest'), { code: 'E_HONEST' });
    }`,
    expected: { code: 'E_HONEST' },
    control: `() => { const { at } = String.prototype; String.prototype.at = () => true; const own = 'a'.at(0); String.prototype.at = at; return own; }`,
  },
  {
    name: 'defineProperty and freeze replaced',
    program: `() => {
      Object.defineProperty = Object.freeze = Object.create = Reflect.defineProperty = () => { throw new Error('forged'); };
      console.log({ a: 1 });
      throw Object.assign(new Error('honest'), { code: 'E_HONEST' });
    }`,
    expected: { code: 'E_HONEST' },
    control: '() => Object.defineProperty({}, "a", { value: true }).a',
  },
  {
    name: 'the globals replaced',
    program: `() => {
      for (const name of Object.getOwnPropertyNames(globalThis)) {
        try { globalThis[name] = undefined; } catch {}
        try { delete globalThis[name]; } catch {}
      }
      return 'honest';
    }`,
    expected: { answer: 'honest' },
    control: `() => { globalThis.own = true; const { own } = globalThis; delete globalThis.own; return own; }`,
  },
  {
    name: 'lying maps while timers are set',
    program: `() => {
      Map.prototype.get = () => ({ callback() {}, args: [] });
      Map.prototype.set = Map.prototype.delete = Map.prototype.clear = Set.prototype.has = () => { throw new Error('forged'); };
      return new Promise((resolve) => setTimeout(resolve, 1, 'honest'));
    }`,
    expected: { answer: 'honest' },
    control: '() => new Promise((resolve) => setTimeout(resolve, 1, true))',
  },
  {
    name: 'the clock stopped, and a loop',
    program:
      '() => { Date.now = () => 0; globalThis.performance = { now: () => 0 }; globalThis.Date = class { getTime() { return 0; } }; for (;;); }',
    expected: { code: 'cpu_limit_exceeded' },
    control:
      '() => { const { now } = Date; Date.now = () => 0; const stopped = Date.now(); Date.now = now; return stopped === 0 && Date.now() > 0; }',
  },
  {
    name: 'timer functions replaced',
    program: `() => {
      const set = setTimeout;
      globalThis.setTimeout = globalThis.clearTimeout = globalThis.queueMicrotask = () => { throw new Error('forged'); };
      return new Promise((resolve) => set(resolve, 1, 'honest'));
    }`,
    expected: { answer: 'honest' },
    control: '() => new Promise((resolve) => setTimeout(resolve, 1, true))',
  },
  {
    name: 'a request whose text is removed',
    program: `() => { Object.prototype.toJSON = () => undefined; return fetch('https://example.com').then(() => 'sent', () => 'refused'); }`,
    expected: { answer: 'refused' },
    control: `() => fetch('https://example.com').then(() => false, () => true)`,
  },
  {
    name: 'a request whose text is replaced',
    program: `() => { Object.prototype.toJSON = () => ({ url: 'file:///etc/passwd', method: 'GET', headers: [], body: null }); return fetch('https://example.com').then(() => 'sent', () => 'refused'); }`,
    expected: { answer: 'refused' },
    control: `() => fetch('file:///etc/passwd').then(() => false, () => true)`,
  },
  {
    name: 'the section replaced during a call',
    program: `function () { for (const name of Object.keys(this)) { Object.defineProperty(this, name, { get() { for (;;); }, configurable: true }); } return 'honest'; }`,
    expected: { answer: 'honest' },
    control: `function () { return typeof this === 'object'; }`,
  },
  {
    name: 'the methods of regular expressions replaced',
    program: `() => { RegExp.prototype.exec = RegExp.prototype[Symbol.replace] = RegExp.prototype[Symbol.split] = String.prototype[Symbol.split] = () => { for (;;); }; throw { code: 'E_HONEST', message: 'm', stack: 'a\\nb' }; }`,
    expected: { code: 'E_HONEST' },
    control: `() => /a/.exec('a')[0] === 'a'`,
  },
]);

const leftBehind = inFamily('work left behind', [
  {
    name: 'timers after the answer',
    program: `() => { for (let i = 0; i < 100; i++) setTimeout(() => console.log('late'), 20 + i); return 'answered'; }`,
    expected: { answer: 'answered' },
    control: '() => { clearTimeout(setTimeout(() => {}, 20)); return true; }',
  },
  {
    name: 'a loop in a timer after the answer',
    program: `(options, callback) => { callback(null, 'answered'); setTimeout(() => { for (;;); }, 0); }`,
    expected: { answer: 'answered' },
    control: '(options, callback) => { callback(null, true); setTimeout(() => {}, 0); }',
  },
  {
    name: 'intervals after the answer',
    program: `async () => { setInterval(() => { for (;;); }, 1); setInterval(() => console.log('late'), 1); return 'answered'; }`,
    expected: { answer: 'answered' },
    control: 'async () => { const interval = setInterval(() => {}, 1); clearInterval(interval); return true; }',
  },
  {
    name: 'requests after the answer',
    program: `({ _integrationId }) => { for (let i = 0; i < 50; i++) fetch('/integrations/' + _integrationId).then(() => { for (;;); }); return 'answered'; }`,
    expected: { answer: 'answered' },
    control: `({ _integrationId }) => { fetch('/integrations/' + _integrationId); return true; }`,
  },
  {
    name: 'a chain of promises after the answer',
    program: `(options, callback) => { callback(null, 'answered'); const next = () => Promise.resolve().then(next); next(); }`,
    expected: outgrown,
    control: '(options, callback) => { callback(null, true); Promise.resolve().then(() => {}); }',
  },
  {
    name: 'a loop after the answer',
    program: `(options, callback) => { callback(null, 'answered'); for (;;); }`,
    expected: { code: 'cpu_limit_exceeded' },
    control: '(options, callback) => { callback(null, true); for (let i = 0; i < 1e5; i++); }',
  },
  {
    name: 'endless memory after the answer',
    program: `(options, callback) => { callback(null, 'answered'); for (const list = []; ; ) list.push(new Array(1e4).fill(0.5)); }`,
    expected: { code: 'memory_limit_exceeded' },
    control: '(options, callback) => { callback(null, true); new Array(1e4).fill(0.5); }',
  },
  {
    name: 'a second answer',
    program: `(options, callback) => { callback(null, 'first'); callback(new Error('second')); callback(null, 'third'); throw new Error('fourth'); }`,
    expected: { answer: 'first' },
    control: '(options, callback) => { callback(null, true); callback(null, false); }',
  },
  {
    name: 'a second answer from a timer',
    program: `(options, callback) => { setTimeout(() => { callback(new Error('second')); }, 5); callback(null, 'first'); }`,
    expected: { answer: 'first' },
    control: '(options, callback) => { callback(null, true); }',
  },
  {
    name: 'an answer returned after the callback answered',
    program: `async (options, callback) => { callback(null, 'first'); return 'second'; }`,
    expected: { answer: 'first' },
    control: 'async (options, callback) => { callback(null, true); return false; }',
  },
  {
    name: 'an error thrown after the answer',
    program: `(options, callback) => { callback(null, 'first'); Promise.reject(new Error('second')); queueMicrotask(() => { throw new Error('third'); }); }`,
    expected: { answer: 'first' },
    control: '(options, callback) => { callback(null, true); queueMicrotask(() => {}); }',
  },
  {
    name: 'a rejection after the answer, with an endless stack getter',
    program: `() => { Promise.reject(Object.defineProperty(new Error(), 'stack', { get() { for (;;); } })); return 'answered'; }`,
    expected: { code: 'cpu_limit_exceeded' },
    control: `() => Object.defineProperty(new Error(), 'stack', { get: () => true }).stack`,
  },
  {
    name: 'an atomic wake-up after the answer',
    program: `() => {
      const cell = new Int32Array(new SharedArrayBuffer(4));
      Atomics.waitAsync(cell, 0, 0, 5).value.then(() => { for (;;); });
      return 'answered';
    }`,
    expected: { answer: 'answered' },
    control: '() => Atomics.notify(new Int32Array(new SharedArrayBuffer(4)), 0) === 0',
  },
  {
    name: 'finalizers after the answer',
    program: `() => {
      globalThis.registry = new FinalizationRegistry(() => { for (;;); });
      for (let i = 0; i < 1000; i++) registry.register({}, i);
      for (let i = 0; i < 500; i++) new Array(1e4).fill(i);
      return 'answered';
    }`,
    expected: { answer: 'answered' },
    control: '() => new FinalizationRegistry(() => {}).unregister({}) === false',
  },
  {
    name: 'a promise resolved by the finalizer of the answer',
    program: `async () => {
      const answer = { a: 1 };
      globalThis.registry = new FinalizationRegistry(() => { for (;;); });
      registry.register(answer, 1);
      globalThis.weak = new WeakRef(answer);
      return answer;
    }`,
    expected: { answer: { a: 1 } },
    control: '() => { const kept = {}; return new WeakRef(kept).deref() === kept; }',
  },
]);

/** Calls the runtime's own API; `outcomeOf` is the status, and the first error's code if any. */
const api = `const api = (method, path, body, headers) => fetch('/v1' + path, { method, headers, ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }) });
const outcomeOf = async (reply) => { const text = await reply.text(); return reply.status < 400 ? [reply.status] : [reply.status, JSON.parse(text).errors[0].code]; };`;

const asking = inFamily('requests to the runtime', [
  {
    name: 'a patch that copies an array into itself again and again',
    program: `async () => {
      ${api}
      const { _id } = await (await api('POST', '/exports', { name: 'x', type: 'http', list: ['xxxxxxxxxx'] })).json();
      return outcomeOf(await api('PATCH', '/exports/' + _id, Array(60).fill({ op: 'copy', from: '/list', path: '/list/-' })));
    }`,
    expected: { answer: [413, 'request_too_large'] },
    control: `async () => {
      ${api}
      const { _id } = await (await api('POST', '/exports', { name: 'x', type: 'http', list: ['x'] })).json();
      const { status } = await api('PATCH', '/exports/' + _id, Array(8).fill({ op: 'copy', from: '/list', path: '/list/-' }));
      return status === 204;
    }`,
  },
  {
    name: 'a patch that copies something large a thousand times',
    program: `async () => {
      ${api}
      const { _id } = await (await api('POST', '/exports', { name: 'x', type: 'http', a: 'x'.repeat(9e5) })).json();
      return outcomeOf(await api('PATCH', '/exports/' + _id, Array.from({ length: 1000 }, (_, i) => ({ op: 'copy', from: '/a', path: '/b' + i }))));
    }`,
    expected: { answer: [413, 'request_too_large'] },
    control: `async () => {
      ${api}
      const { _id } = await (await api('POST', '/exports', { name: 'x', type: 'http', a: 'x'.repeat(1e3) })).json();
      return (await api('PATCH', '/exports/' + _id, [{ op: 'copy', from: '/a', path: '/b' }])).status === 204;
    }`,
  },
  {
    name: 'a body with very many names',
    program: `async () => {
      ${api}
      let text = '{"name":"x","a":{"a":1';
      for (let i = 0; i < 1.1e5; i++) text += ',"' + i + '":1';
      return outcomeOf(await api('POST', '/exports', text + '}}'));
    }`,
    expected: { answer: [422, 'invalid_field'] },
    control: `async () => { ${api} let text = '{"name":"x","a":{"a":1'; for (let i = 0; i < 1e4; i++) text += ',"' + i + '":1'; return (await api('POST', '/exports', text + '}}')).status === 201; }`,
  },
  {
    name: 'a body with very many empty arrays',
    program: `async () => { ${api} return outcomeOf(await api('POST', '/exports', '{"name":"x","a":[' + '[],'.repeat(1.1e5) + '1]}')); }`,
    expected: { answer: [422, 'invalid_field'] },
    control: `async () => { ${api} return (await api('POST', '/exports', '{"name":"x","a":[' + '[],'.repeat(1e4) + '1]}')).status === 201; }`,
  },
  {
    name: 'an endlessly nested body',
    program: `async () => { ${api} return outcomeOf(await api('POST', '/exports', '{"name":"x","a":' + '['.repeat(2e5) + ']'.repeat(2e5) + '}')); }`,
    expected: { answer: [422, 'invalid_field'] },
    control: `async () => { ${api} return (await api('POST', '/exports', '{"name":"x","a":' + '['.repeat(50) + ']'.repeat(50) + '}')).status === 201; }`,
  },
  {
    name: 'a hundred thousand steps',
    program: `async ({ _integrationId }) => { ${api} return outcomeOf(await api('PUT', '/integrations/' + _integrationId, { install: Array(1e5).fill({ name: 'n' }) })); }`,
    expected: { answer: [422, 'invalid_field'] },
    control: `async ({ _integrationId }) => { ${api} return (await api('PUT', '/integrations/' + _integrationId, { install: [{ name: 'n' }] })).status === 200; }`,
  },
  {
    name: 'large replies requested and never read',
    program: `async ({ _integrationId }) => {
      ${api}
      await api('PUT', '/integrations/' + _integrationId, { settings: { a: 'x'.repeat(1e6) } });
      for (let i = 0; i < 100; i++) fetch('/integrations/' + _integrationId).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 1));
      for (const end = Date.now() + 300; Date.now() < end; );
      return 'not read';
    }`,
    expected: { answer: 'not read' },
    control: `async ({ _integrationId }) => { ${api} await api('PUT', '/integrations/' + _integrationId, { settings: { a: 'x'.repeat(1e6) } }); return (await (await fetch('/integrations/' + _integrationId)).json()).settings.a.length === 1e6; }`,
  },
  {
    name: 'an integration that calls itself',
    program: `async ({ _integrationId }) => {
      ${api}
      const all = await Promise.all(Array.from({ length: 20 }, () => api('PUT', '/integrations/' + _integrationId + '/settings/next', {})));
      return [...new Set(all.map(({ status }) => status))];
    }`,
    expected: { answer: [403] },
    control: `async ({ _integrationId }) => { ${api} return (await api('GET', '/integrations/' + _integrationId)).status === 200; }`,
  },
  {
    name: 'an integration that installs, removes and moves itself',
    program: `async ({ _integrationId, _connectorId }) => {
      ${api}
      const all = [
        await api('POST', '/integrations/' + _connectorId + '/install', {}), await api('POST', '/integrations', { name: 'x' }), await api('DELETE', '/integrations/' + _integrationId + '/install'),
        await api('DELETE', '/integrations/' + _integrationId + '?force=true'), await api('PUT', '/connectors/' + _connectorId + '/update', { _integrationIds: [_integrationId] }), await api('GET', '/connectors'), await api('GET', '/backup'),
      ];
      return [...new Set(all.map(({ status }) => status))];
    }`,
    expected: { answer: [403] },
    control: `async () => { ${api} return (await api('GET', '/tokenInfo')).status === 200; }`,
  },
  {
    name: 'reading everybody’s integrations',
    program: `async ({ _integrationId }) => { ${api} const all = await (await api('GET', '/integrations?limit=1000')).json(); return all.length === 1 && all[0]._id === _integrationId; }`,
    expected: { answer: true },
    control: `async () => { ${api} return Array.isArray(await (await api('GET', '/integrations')).json()); }`,
  },
  {
    name: 'guessing the administrator’s token',
    program: `async () => { ${api} const all = await Promise.all(['', 'x', 'undefined', 'null', 'x'.repeat(5000), '0.0', '*'].map((token) => api('GET', '/connectors', undefined, { authorization: 'Bearer ' + token }))); return [...new Set(all.map(({ status }) => status))].every((status) => status === 401 || status === 403); }`,
    expected: { answer: true },
    control: `async ({ bearerToken }) => { ${api} return (await api('GET', '/tokenInfo', undefined, { authorization: 'Bearer ' + bearerToken })).status === 200; }`,
  },
  {
    name: 'hop-by-hop headers',
    program: `async () => {
      ${api}
      const odd = [['transfer-encoding', 'chunked'], ['content-length', '999999999'], ['content-length', '-1'], ['host', 'elsewhere'], ['expect', '100-continue'], ['upgrade', 'websocket'], ['connection', 'upgrade'], ['te', 'trailers'], ['content-encoding', 'br'], ['x-http-method-override', 'DELETE']];
      const came = [];
      for (const [name, value] of odd) came.push(await api('POST', '/exports', { name: 'x' }, { [name]: value }).then(({ status }) => status < 500, () => true));
      return came.every(Boolean);
    }`,
    expected: { answer: true },
    control: `async () => { ${api} return (await api('POST', '/exports', { name: 'x' }, { 'x-own': '1' })).status === 201; }`,
  },
  {
    name: 'URLs that lead out of the API',
    program: `async () => {
      const odd = ['/v1/../../../etc/passwd', '//elsewhere/v1', '/v1/%2e%2e%2f%2e%2e%2fetc', '/v1/integrations/%ff', '/v1/exports/%00', 'https://api.integrator.io@elsewhere/', 'https://api.integrator.io.elsewhere/', 'https://api.integrator.io:8443/', 'http://api.integrator.io/v1/tokenInfo', 'https://user:pass@api.integrator.io/v1/tokenInfo', '/' + 'x'.repeat(7900), '/v1/exports?' + 'limit=1&'.repeat(900), 'file:///v1/tokenInfo', 'data:application/json,1', '\\\\\\\\elsewhere\\\\v1'];
      const came = [];
      for (const address of odd) came.push(await fetch(address).then(({ status }) => status, () => 'refused'));
      return came.every((one) => one === 'refused' || (one >= 400 && one < 500));
    }`,
    expected: { answer: true },
    control: `async () => (await fetch('https://api.integrator.io/v1/tokenInfo')).status === 200`,
  },
  {
    name: 'a write still in flight when the run answers',
    program: `({ _integrationId }) => { ${api} for (let i = 0; i < 30; i++) api('PUT', '/integrations/' + _integrationId, { description: 'late ' + i }); return 'answered'; }`,
    expected: { answer: 'answered' },
    control: `async ({ _integrationId }) => { ${api} return (await api('PUT', '/integrations/' + _integrationId, { description: 'in time' })).status === 200; }`,
  },
  {
    name: 'every list, again and again',
    program: `async () => {
      ${api}
      await Promise.all(Array.from({ length: 30 }, (_, i) => api('POST', '/exports', { name: 'x' + i, a: 'x'.repeat(1e4) })));
      const all = await Promise.all(Array.from({ length: 20 }, () => api('GET', '/exports?limit=1000&exclude=' + 'a.b,'.repeat(50) + 'c')));
      return all.every(({ status }) => status === 200);
    }`,
    expected: { answer: true },
    control: `async () => { ${api} return (await api('GET', '/exports?limit=1')).status === 200; }`,
  },
]);

const levers = inFamily('libraries as levers', [
  {
    name: 'a host of a million labels',
    program: `() => { try { return new URL('https://' + 'ü.'.repeat(5e5) + 'test').host.length; } catch ({ name }) { return name; } }`,
    expected: outgrown,
    control: `() => new URL('https://ü.test').host === 'xn--tda.test'`,
  },
  {
    name: 'a path that goes up and down a million times',
    program: `() => new URL('https://a.test/' + 'a/../'.repeat(1e6)).pathname`,
    expected: { code: ['cpu_limit_exceeded', 'memory_limit_exceeded'] },
    control: `() => new URL('https://a.test/' + 'a/../'.repeat(100)).pathname === '/'`,
  },
  {
    name: 'a query of a million parameters, sorted again and again',
    program: `() => { const query = new URLSearchParams('b=1&a=2&'.repeat(3e5)); for (;;) query.sort(); }`,
    expected: outgrown,
    control: `() => { const query = new URLSearchParams('b=1&a=2'); query.sort(); return String(query) === 'a=2&b=1'; }`,
  },
  {
    name: 'a clone of an endlessly nested object',
    program:
      '() => { let list = []; for (let i = 0; i < 1e5; i++) list = [list]; return structuredClone(list).length; }',
    expected: { code: ['RangeError', 'DataCloneError'] },
    control: '() => structuredClone([[1]])[0][0] === 1',
  },
  {
    name: 'a clone of an object created as it is read',
    program:
      '() => { const grow = { get more() { return Object.create(null, Object.getOwnPropertyDescriptors(grow)); } }; return structuredClone(grow); }',
    expected: { code: ['RangeError', 'DataCloneError', 'cpu_limit_exceeded', 'memory_limit_exceeded'] },
    control: '() => structuredClone({ get a() { return true; } }).a',
  },
  {
    name: 'nested blobs',
    program: `async () => { let blob = new Blob(['x'.repeat(1000)]); for (let i = 0; i < 30; i++) blob = new Blob([blob, blob]); return (await blob.arrayBuffer()).byteLength; }`,
    expected: { code: ['RangeError', 'cpu_limit_exceeded', 'memory_limit_exceeded'] },
    control: `async () => { let blob = new Blob(['x']); for (let i = 0; i < 3; i++) blob = new Blob([blob, blob]); return (await blob.text()) === 'xxxxxxxx'; }`,
  },
  {
    name: 'an endless stream',
    program: `async () => (await new Response(new ReadableStream({ pull(controller) { controller.enqueue(new Uint8Array(1e5)); } })).arrayBuffer()).byteLength`,
    expected: { code: ['RangeError', 'TypeError', 'ReferenceError', 'cpu_limit_exceeded', 'memory_limit_exceeded'] },
    control: `async () => (await new Response('abc').arrayBuffer()).byteLength === 3`,
  },
  {
    name: 'chained abort signals',
    program: `() => { const first = new AbortController(); for (let signal = first.signal; ; ) signal = AbortSignal.any([signal, first.signal]); }`,
    expected: outgrown,
    control:
      '() => { const first = new AbortController(); const signal = AbortSignal.any([first.signal]); first.abort(); return signal.aborted; }',
  },
  {
    name: 'an event that dispatches itself',
    program: `() => new Promise(() => { const target = new EventTarget(); target.addEventListener('x', () => target.dispatchEvent(new Event('x'))); target.dispatchEvent(new Event('x')); })`,
    expected: { code: ['never_answered', 'RangeError'] },
    control: `() => { const target = new EventTarget(); let came = false; target.addEventListener('x', () => { came = true; }); target.dispatchEvent(new Event('x')); return came; }`,
  },
  {
    name: 'endless headers',
    program: `() => { const headers = new Headers(); for (let i = 0; ; i++) headers.append('x', 'x'.repeat(100) + i); }`,
    expected: outgrown,
    control: `() => { const headers = new Headers(); headers.append('x', '1'); headers.append('x', '2'); return headers.get('x') === '1, 2'; }`,
  },
  {
    name: 'a form of a million fields, sent',
    program: `() => { const form = new FormData(); for (let i = 0; i < 1e6; i++) form.append('field' + i, 'x'); return fetch('https://example.com', { method: 'POST', body: form }); }`,
    expected: { code: ['cpu_limit_exceeded', 'memory_limit_exceeded', 'Error'] },
    control: `() => { const form = new FormData(); form.append('a', 'b'); return fetch('https://example.com', { method: 'POST', body: form }).catch(({ code }) => code === 'permission_denied'); }`,
  },
  {
    name: 'text decoded with every encoding',
    program: `() => { const bytes = new Uint8Array(2e6).fill(0x81); for (;;) for (const label of ['gb18030', 'big5', 'euc-jp', 'iso-2022-jp', 'shift_jis', 'euc-kr', 'utf-16be']) new TextDecoder(label).decode(bytes); }`,
    expected: outgrown,
    control: `() => new TextDecoder('shift_jis').decode(new Uint8Array([0x82, 0xa0])) === 'あ'`,
  },
  {
    name: 'base64 of large data, again and again',
    program: `() => { for (let text = 'x'.repeat(1e5); ; ) text = btoa(text); }`,
    // A buffer of this size may not be possible while the heap is in use.
    expected: { code: [...outgrown.code, 'RangeError'] },
    control: `() => atob(btoa('abc')) === 'abc'`,
  },
  {
    name: 'endless random bytes and digests',
    program: `async () => { const data = new Uint8Array(4e6); for (;;) { crypto.getRandomValues(new Uint8Array(65536)); await crypto.subtle.digest('SHA-512', data); } }`,
    expected: { code: ['cpu_limit_exceeded', 'memory_limit_exceeded'] },
    control: `async () => (await crypto.subtle.digest('SHA-256', new Uint8Array(3))).byteLength === 32`,
  },
  {
    name: 'PBKDF2 of billions of iterations, or of megabytes',
    program: `async () => {
      const key = await crypto.subtle.importKey('raw', new Uint8Array(9), 'PBKDF2', false, ['deriveBits']);
      const names = [];
      for (const [iterations, length] of [[2 ** 31, 256], [2 ** 32 - 1, 8], [1e6, 1024], [1, 2 ** 32 - 8], [1e5, 2 ** 20]]) {
        const parameters = { name: 'PBKDF2', hash: 'SHA-256', salt: new Uint8Array(), iterations };
        names.push(await crypto.subtle.deriveBits(parameters, key, length).then(() => 'derived', ({ name }) => name));
      }
      return names;
    }`,
    expected: { answer: Array(5).fill('OperationError') },
    control: `async () => {
      const key = await crypto.subtle.importKey('raw', new Uint8Array(9), 'PBKDF2', false, ['deriveBits']);
      const parameters = { name: 'PBKDF2', hash: 'SHA-256', salt: new Uint8Array(), iterations: 1e5 };
      return (await crypto.subtle.deriveBits(parameters, key, 256)).byteLength === 32;
    }`,
  },
  {
    name: 'PBKDF2 at its limit, again and again',
    program: `async () => {
      const key = await crypto.subtle.importKey('raw', new Uint8Array(9), 'PBKDF2', false, ['deriveBits']);
      for (;;) await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-512', salt: new Uint8Array(), iterations: 4e5 }, key, 512);
    }`,
    expected: { code: 'cpu_limit_exceeded' },
    control: `async () => {
      const key = await crypto.subtle.importKey('raw', new Uint8Array(9), 'PBKDF2', false, ['deriveBits']);
      return (await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-512', salt: new Uint8Array(), iterations: 1e4 }, key, 512)).byteLength === 64;
    }`,
  },
  {
    name: 'RSA keys made without end',
    program: `async () => {
      const algorithm = { name: 'RSA-PSS', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' };
      for (;;) await crypto.subtle.generateKey(algorithm, false, ['sign']);
    }`,
    expected: { code: 'cpu_limit_exceeded' },
    control: `async () => {
      const algorithm = { name: 'RSA-PSS', modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' };
      return (await crypto.subtle.generateKey(algorithm, false, ['sign'])).privateKey.algorithm.modulusLength === 1024;
    }`,
  },
  {
    name: 'RSA keys of tens of thousands of bits, made and imported',
    program: `async () => {
      const algorithm = { name: 'RSA-PSS', publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' };
      const made = [4096, 16384, 2 ** 32 - 1].map((modulusLength) => crypto.subtle.generateKey({ ...algorithm, modulusLength }, true, ['sign']));
      const imported = [900, 8192].map((bytes) => crypto.subtle.importKey('jwk', { kty: 'RSA', e: '_'.repeat(bytes), n: '_'.repeat(bytes) }, algorithm, true, ['verify']));
      return (await Promise.allSettled([...made, ...imported])).map(({ status, reason }) => reason?.name ?? status);
    }`,
    expected: { answer: [...Array(3).fill('OperationError'), ...Array(2).fill('DataError')] },
    control: `async () => {
      const key = await crypto.subtle.importKey('jwk', { kty: 'RSA', e: 'AQAB', n: '_'.repeat(682) + 'w' }, { name: 'RSA-PSS', hash: 'SHA-256' }, true, ['verify']);
      return key.algorithm.modulusLength === 4096;
    }`,
  },
  {
    name: 'a private key of large numbers that do not fit one another, again and again',
    program: `async () => {
      const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
      const [n, d] = ['_'.repeat(682) + 'w', '_'.repeat(1_100)];
      const jwk = { kty: 'RSA', n, e: 'AQAB', d, p: d.slice(0, 40), q: d.slice(0, 40), dp: d.slice(0, 40), dq: d.slice(0, 40), qi: d.slice(0, 40) };
      for (;;) {
        const key = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']).catch(() => undefined);
        if (key) await crypto.subtle.sign(algorithm, key, new Uint8Array(9)).catch(() => {});
      }
    }`,
    expected: { code: 'cpu_limit_exceeded' },
    control: `async () => {
      const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-521' }, false, ['sign']);
      return (await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-512' }, privateKey, new Uint8Array(9))).byteLength === 132;
    }`,
  },
  {
    name: 'the platform’s cryptography asked for what it does not have',
    program: `() => {
      const compute = crypto[Symbol.for('bulkhead.compute')];
      const asked = [
        ['constructor', {}], ['__proto__', {}], ['toString', {}], ['digest', { hash: 'constructor' }], ['digest', { hash: '__proto__' }],
        ['random', { bytes: 1e9 }], ['random', { bytes: -1 }], ['random', { bytes: '9' }], ['importKey', { format: 'pem' }], ['importKey', { format: 'jwk' }],
        ['exportKey', { format: 'jwk', type: 'private' }], ['generateKey', { kind: 'dsa' }], ['generateKey', { kind: 'RSA', bits: 2048, exponent: 0 }],
        ['sign', { scheme: 'pkcs1', hash: 'SHA-1' }], ['agree', {}], ['encrypt', { scheme: 'gcm', iv: '', tagBytes: 16 }], ['hmac', null], ['hkdf', { hash: 'SHA-1', bytes: 1e7 }],
      ];
      return asked.map(([operation, parameters]) => { try { return compute(operation, parameters, new Uint8Array(5), new Uint8Array(5)) } catch ({ name }) { return name } });
    }`,
    expected: { answer: Array(18).fill('OperationError') },
    control: `() => crypto[Symbol.for('bulkhead.compute')]('digest', { hash: 'SHA-1' }).length === 28`,
  },
  {
    name: 'a key that cannot be extracted, asked for in every way',
    program: `async () => {
      const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
      const wrapping = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['wrapKey', 'encrypt']);
      const own = Object.create(privateKey, { extractable: { value: true } });
      const asked = ['raw', 'spki', 'pkcs8', 'jwk'].map((format) => crypto.subtle.exportKey(format, privateKey));
      asked.push(crypto.subtle.exportKey('pkcs8', own), crypto.subtle.exportKey('pkcs8', new Proxy(privateKey, {})));
      asked.push(crypto.subtle.wrapKey('pkcs8', privateKey, wrapping, { name: 'AES-GCM', iv: new Uint8Array(12) }));
      const names = (await Promise.allSettled(asked)).map(({ reason }) => reason?.name ?? 'exported');
      return [names, JSON.stringify(privateKey), Reflect.ownKeys(privateKey).length];
    }`,
    expected: {
      answer: [[...Array(4).fill('InvalidAccessError'), 'TypeError', 'TypeError', 'InvalidAccessError'], '{}', 0],
    },
    control: `async () => {
      const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']);
      return (await crypto.subtle.exportKey('pkcs8', privateKey)).byteLength > 100;
    }`,
  },
  {
    name: 'ciphers over large data, again and again',
    program: `async () => {
      const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt']);
      const data = new Uint8Array(4e6);
      for (;;) await crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, key, data);
    }`,
    expected: outgrown,
    control: `async () => {
      const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt']);
      return (await crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, key, new Uint8Array(4e5))).byteLength === 4e5 + 16;
    }`,
  },
  {
    name: 'a little data that decompresses without end',
    program: `async () => {
      const zeros = new Response(new Blob([new Uint8Array(1e6)]).stream().pipeThrough(new CompressionStream('deflate-raw')));
      const packed = await zeros.bytes();
      const kept = [];
      for (;;) kept.push(await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).bytes());
    }`,
    expected: outgrown,
    control: `async () => {
      const packed = new Blob(['abc']).stream().pipeThrough(new CompressionStream('gzip'));
      return (await new Response(packed.pipeThrough(new DecompressionStream('gzip'))).text()) === 'abc';
    }`,
  },
  {
    name: 'a stream without end as the body of a request',
    program: `() => fetch('https://example.com', { method: 'POST', duplex: 'half', body: new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(1e5)) }) })`,
    // An array of this size may not be possible while the heap is in use.
    expected: { code: [...outgrown.code, 'RangeError'] },
    control: `() => fetch('https://example.com', { method: 'POST', duplex: 'half', body: ReadableStream.from([new Uint8Array(9)]) }).catch((error) => error.code === 'permission_denied')`,
  },
  {
    name: 'streams that feed each other',
    program: `async () => {
      const [a, b] = [new TransformStream(), new TransformStream()];
      a.readable.pipeTo(b.writable);
      b.readable.pipeTo(a.writable);
      return new Promise(() => {});
    }`,
    expected: { code: 'never_answered' },
    control: `async () => {
      const [a, b] = [new TransformStream(), new TransformStream()];
      a.writable.getWriter().write(1);
      return (await a.readable.pipeThrough(b).getReader().read()).value === 1;
    }`,
  },
]);

const stuck = 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)';
const others = inFamily('turns and memory charged to others', [
  {
    name: 'a timer so close behind another that no watch starts',
    program: `() => new Promise(() => { setTimeout(() => {}, 20); setTimeout(() => ${stuck}, 21); })`,
    expected: { code: 'cpu_limit_exceeded' },
    control: '() => new Promise((resolve) => { setTimeout(() => {}, 20); setTimeout(resolve, 21, true); })',
  },
  {
    name: 'a thousand timers, one of which loops',
    program: `() => new Promise(() => { for (let i = 0; i < 1000; i++) setTimeout(i === 777 ? () => ${stuck} : () => {}, 10); })`,
    expected: { code: 'cpu_limit_exceeded' },
    control:
      '() => new Promise((resolve) => { for (let i = 0; i < 1000; i++) setTimeout(i === 777 ? resolve : () => {}, 10, true); })',
  },
  {
    name: 'an uninterruptible search behind an answer',
    program: `(options, callback) => { callback(null, 'answered'); ${stuck}; }`,
    expected: { code: 'cpu_limit_exceeded' },
    control: `(options, callback) => { callback(null, true); Array.prototype.indexOf.call({ length: 9 }, 1); }`,
  },
  {
    name: 'an uninterruptible search in a microtask behind an answer',
    program: `(options, callback) => { callback(null, 'answered'); Promise.resolve().then(() => ${stuck}); }`,
    expected: { code: 'cpu_limit_exceeded' },
    control: `(options, callback) => { callback(null, true); Promise.resolve().then(() => {}); }`,
  },
  {
    name: 'an uninterruptible search after a reply',
    program: `async () => { await fetch('/tokenInfo'); ${stuck}; }`,
    expected: { code: 'cpu_limit_exceeded' },
    control: `async () => (await fetch('/tokenInfo')).status === 200`,
  },
  {
    name: 'an uninterruptible search in the getter of an error',
    program: `() => { throw { get message() { ${stuck}; return 'm'; } }; }`,
    expected: { code: 'cpu_limit_exceeded' },
    control: `() => { try { throw { get message() { return true; } }; } catch ({ message }) { return message; } }`,
  },
  {
    name: 'a hundred intervals that send requests and set timers',
    program: `() => new Promise(() => { for (let i = 0; i < 100; i++) setInterval(() => { fetch('/tokenInfo').catch(() => {}); setTimeout(() => {}, 1); }, 1); })`,
    expected: { code: ['cpu_limit_exceeded', 'run_timeout', 'Error'] },
    control: `() => new Promise((resolve) => { const interval = setInterval(() => { clearInterval(interval); fetch('/tokenInfo').then(({ status }) => resolve(status === 200)); }, 1); })`,
  },
  {
    name: 'memory retained for the next run',
    program: `() => { globalThis.kept = Array.from({ length: 18 }, () => new Array(131072).fill(1.5)); return kept.length; }`,
    expected: { answer: 18 },
    control: '() => { globalThis.kept = new Array(1000).fill(1.5); return kept.length === 1000; }',
  },
  {
    name: 'memory outside the heap retained for the next run',
    program: `() => { globalThis.kept = new ArrayBuffer(2 ** 25, { maxByteLength: 2 ** 25 }); return new Uint8Array(kept).fill(1).length; }`,
    expected: { answer: 2 ** 25 },
    control: '() => { globalThis.kept = new ArrayBuffer(2 ** 10, { maxByteLength: 2 ** 10 }); return kept.resizable; }',
  },
  {
    name: 'memory outside the heap, a little in each turn, then a long wait',
    program: `() => new Promise((resolve) => {
      const all = [];
      const interval = setInterval(() => {
        for (let i = 0; i < 8; i++) { const buffer = new ArrayBuffer(2 ** 22, { maxByteLength: 2 ** 22 }); new Uint8Array(buffer).fill(1); all.push(buffer); }
        if (all.length >= 256) { clearInterval(interval); setTimeout(resolve, 60000, all.length); }
      }, 1);
    })`,
    expected: outgrown,
    control: `() => new Promise((resolve) => { const all = []; const interval = setInterval(() => { all.push(new ArrayBuffer(2 ** 10, { maxByteLength: 2 ** 10 })); if (all.length >= 4) { clearInterval(interval); resolve(true); } }, 1); })`,
  },
]);

const host = inFamily('reaching for the host', [
  {
    name: 'the constructor of the argument’s constructor',
    program: `(options) => { ${realmOf} return realmOf(options.constructor.constructor); }`,
    expected: ownRealm,
    control: sameFunctions,
  },
  {
    name: 'the constructors of everything in the argument',
    program: `(options) => {
      ${realmOf}
      const found = new Set();
      const look = (value) => {
        if (value === null || value === undefined) return;
        found.add(value.constructor.constructor);
        if (typeof value === 'object') for (const key of Reflect.ownKeys(value)) look(value[key]);
      };
      look(options);
      return [...found].map(realmOf);
    }`,
    expected: { answer: [[true, 'undefined']] },
    control: sameFunctions,
  },
  {
    name: 'getters on the argument',
    program: `(options) => Object.values(Object.getOwnPropertyDescriptors(options)).filter(({ get, set }) => get || set).length`,
    expected: { answer: 0 },
    control: `() => Object.values(Object.getOwnPropertyDescriptors({ get a() { return 1; } })).filter(({ get }) => get).length === 1`,
  },
  {
    name: 'the constructors of every provided function',
    program: `() => {
      const offered = [...Object.values(console), setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask, fetch, Headers, require, require('bulkhead').progress];
      const constructors = new Set(offered.map((one) => Object.getPrototypeOf(one).constructor));
      return [...constructors].map((one) => one('return typeof process')()).every((text) => text === 'undefined' || typeof text.then === 'function') && offered.every((one) => one instanceof Function);
    }`,
    expected: { answer: true },
    control: '() => console.log instanceof Function && console.log.constructor === Function',
  },
  {
    name: 'everything reachable from the global object',
    program: `() => {
      const seen = new Set();
      const queue = [globalThis, require, module, exports];
      let foreign = 0;
      while (queue.length > 0) {
        const one = queue.pop();
        if ((typeof one !== 'object' && typeof one !== 'function') || one === null || seen.has(one)) continue;
        seen.add(one);
        if (typeof one === 'function' && !(one instanceof Function) && one !== Function.prototype) foreign++;
        let last = one;
        while (Object.getPrototypeOf(last) !== null) last = Object.getPrototypeOf(last);
        if (last !== Object.prototype && typeof one === 'function') foreign++;
        queue.push(Object.getPrototypeOf(one));
        for (const key of Reflect.ownKeys(one)) {
          const { value, get, set } = Object.getOwnPropertyDescriptor(one, key);
          queue.push(value, get, set);
        }
      }
      return seen.size > 500 ? foreign : 'too few';
    }`,
    expected: { answer: 0 },
    control: '() => Reflect.ownKeys(globalThis).length > 50',
  },
  {
    name: 'names that a host might leave behind',
    program: `() => ['process', 'Buffer', 'setImmediate', 'ivm', '_ivm', 'isolate', 'context', '__dirname', '__filename', '__bulkhead', 'primordials', 'internalBinding', 'Deno', 'Bun', 'load', 'print', 'read', 'quit', 'd8', 'gc', 'SharedWorker', 'Worker', 'XMLHttpRequest', 'importScripts', 'WebAssembly'].filter((name) => { try { return (0, eval)('typeof ' + name) !== 'undefined'; } catch { return false; } })`,
    expected: { answer: [] },
    control: `() => ['Array', 'console'].every((name) => (0, eval)('typeof ' + name) !== 'undefined')`,
  },
  {
    name: 'names of the harness',
    program: `() => ['$0', '$1', 'harness', 'answer', 'ask', 'settleRun', 'settle', 'pending', 'timers', 'connector', 'member', 'sdk', 'sectionNames', 'reset', 'start'].filter((name) => eval('typeof ' + name) !== 'undefined')`,
    expected: { answer: [] },
    control: `() => { const own = 1; return eval('typeof own') === 'number'; }`,
  },
  {
    name: 'the global object through an unbound this',
    program: `() => Function('return this')() === globalThis && typeof Function('return this')().process`,
    expected: { answer: 'undefined' },
    control: `() => Function('return this')() === globalThis`,
  },
  {
    name: 'this in callbacks of timers, microtasks and promises',
    program: `() => new Promise((resolve) => {
      const seen = [];
      const look = function () { seen.push(this === undefined || this === globalThis); if (seen.length === 3) resolve(seen); };
      setTimeout(look, 1);
      queueMicrotask(look);
      Promise.resolve().then(look);
    })`,
    expected: { answer: [true, true, true] },
    control: '() => (function () { return this === globalThis; })()',
  },
  {
    name: 'indirect eval',
    program: `() => [(0, eval)('typeof process'), globalThis.eval('this === globalThis'), Reflect.apply(eval, null, ['typeof require'])]`,
    expected: { answer: ['undefined', true, 'undefined'] },
    control: `() => (0, eval)('1 + 1') === 2`,
  },
  {
    name: 'the constructors of async functions and generators',
    program: `async () => {
      const [Async, Generator, AsyncGenerator] = [async () => {}, function* () {}, async function* () {}].map((one) => one.constructor);
      return [await Async('return typeof process')(), Generator('yield typeof process')().next().value, (await AsyncGenerator('yield typeof process')().next()).value];
    }`,
    expected: { answer: ['undefined', 'undefined', 'undefined'] },
    control: `async () => (await (async () => {}).constructor('return 1')()) === 1`,
  },
  {
    name: 'an import of the file system',
    program: `() => import('node:fs').then((fs) => typeof fs.readFileSync, (error) => ['refused', error instanceof Error, error.constructor.constructor === Function])`,
    expected: { answer: ['refused', true, true] },
    control: `() => { try { require('fs'); } catch (error) { return error instanceof Error; } }`,
  },
  {
    name: 'an import inside Function and eval',
    program: `async () => {
      const tried = await Promise.allSettled([Function("return import('fs')")(), (0, eval)("import('process')"), (async () => {}).constructor("return import('child_process')")(), import('data:text/javascript,export default 1'), import('file:///etc/passwd')]);
      return tried.map(({ status }) => status);
    }`,
    expected: { answer: ['rejected', 'rejected', 'rejected', 'rejected', 'rejected'] },
    control: `() => Function('return 1')() === 1`,
  },
  {
    name: 'an import whose name comes from a trap',
    program: `async () => { let asked = 0; const name = { toString() { asked++; return 'fs'; } }; try { return typeof await import(name); } catch { return 'refused'; } }`,
    expected: { answer: 'refused' },
    control: `() => String({ toString: () => 'fs' }) === 'fs'`,
  },
  {
    name: 'import.meta outside a module',
    program: `() => ['import.meta', 'import.meta.url', 'new Function("return import.meta")()'].map((source) => { try { return typeof (0, eval)(source); } catch ({ name }) { return name; } })`,
    expected: { answer: ['SyntaxError', 'SyntaxError', 'SyntaxError'] },
    control: `() => { try { (0, eval)('('); } catch ({ name }) { return name === 'SyntaxError'; } }`,
  },
  {
    name: 'require of other modules',
    program: `() => ['fs', 'node:fs', 'process', 'isolated-vm', '../sandbox/index.ts', '/etc/passwd', 'bulkhead/..', { toString: () => 'bulkhead' }].map((name) => { try { return typeof require(name); } catch (error) { return error instanceof Error && error.constructor.constructor === Function && 'refused'; } })`,
    expected: { answer: Array(8).fill('refused') },
    control: `() => typeof require('bulkhead').progress === 'function'`,
  },
  {
    name: 'require’s own properties',
    program: `() => [typeof require.main, typeof require.cache, typeof require.resolve, typeof module.constructor._load, typeof module.paths, typeof module.require, module.constructor === Object]`,
    expected: { answer: ['undefined', 'undefined', 'undefined', 'undefined', 'undefined', 'undefined', true] },
    control: `() => typeof require === 'function' && typeof module === 'object'`,
  },
  {
    name: 'the error of a refused request',
    program: `() => fetch('https://example.com').catch((error) => { ${realmOf} return realmOf(error.constructor.constructor).concat(error instanceof TypeError); })`,
    expected: { answer: [true, 'undefined', true] },
    control: `() => fetch('https://example.com').catch(({ code }) => code === 'permission_denied')`,
  },
  {
    name: 'the reply of a request and its prototypes',
    program: `async ({ _integrationId }) => {
      ${realmOf}
      const reply = await fetch('/integrations/' + _integrationId);
      const body = await reply.json();
      const all = [reply, reply.headers, reply.headers.entries(), reply.text, body, Object.getPrototypeOf(reply), reply.__proto__.__proto__];
      return all.map((one) => one.constructor.constructor.constructor === Function || realmOf(one.constructor.constructor)[0]).every(Boolean) && typeof reply.constructor.constructor('return this')().process;
    }`,
    expected: { answer: 'undefined' },
    control: `async ({ _integrationId }) => (await fetch('/integrations/' + _integrationId)).status === 200`,
  },
  {
    name: 'a reply constructed from the reply’s own class',
    program: `async ({ _integrationId }) => {
      const reply = await fetch('/integrations/' + _integrationId);
      const own = new reply.constructor('{"constructor":{"constructor":1}}', { status: 200, headers: { a: 'b' } });
      return [own.headers.get('a'), typeof (await own.json()).constructor.constructor];
    }`,
    expected: { answer: ['b', 'number'] },
    control: `() => new Headers({ a: 'b' }).get('a') === 'b'`,
  },
  {
    name: 'headers named __proto__',
    program: `() => {
      const headers = new Headers(JSON.parse('{"__proto__":"x","constructor":"y"}'));
      headers.set('__proto__', 'z');
      return [headers.get('__proto__'), headers.get('constructor'), headers.get('toString'), headers instanceof Headers, {}.x === undefined];
    }`,
    expected: { answer: ['z', 'y', null, true, true] },
    control: `() => new Headers([['a', 'b']]).has('A')`,
  },
  {
    name: 'headers whose prototype changes during the request',
    program: `() => {
      let seen = 'nothing';
      const get = Headers.prototype.get;
      Headers.prototype.append = function (...args) { seen = typeof args[0].constructor.constructor('return typeof process')(); return Reflect.apply(get, this, ['a']); };
      Object.setPrototypeOf(Headers.prototype, new Proxy({}, { get: (target, key, receiver) => { seen = typeof process; } }));
      return fetch('https://example.com', { headers: { a: 'b' } }).catch(({ code }) => [code, seen]);
    }`,
    expected: { answer: ['permission_denied', 'nothing'] },
    control: `() => { const { has } = Headers.prototype; Headers.prototype.has = () => true; const own = new Headers().has('x'); Headers.prototype.has = has; return own; }`,
  },
  {
    name: 'this of stack frames',
    program: `() => {
      Error.prepareStackTrace = (error, sites) => sites;
      const sites = new Error('x').stack;
      delete Error.prepareStackTrace;
      return sites.map((site) => site.getThis()).filter((one) => one !== undefined && one !== globalThis && one !== exports.settings && one !== module.exports.settings).length;
    }`,
    expected: { answer: 0 },
    control: `() => { Error.prepareStackTrace = (error, sites) => sites.length > 0; const { stack } = new Error('x'); delete Error.prepareStackTrace; return stack; }`,
  },
  {
    name: 'functions of stack frames',
    program: `() => {
      Error.prepareStackTrace = (error, sites) => sites;
      const sites = new Error('x').stack;
      delete Error.prepareStackTrace;
      return sites.filter((site) => String(site.getFileName()).startsWith('bulkhead:')).map((site) => typeof site.getFunction());
    }`,
    expected: { answer: ['undefined', 'undefined', 'undefined'] },
    control: `() => { Error.prepareStackTrace = (error, sites) => typeof sites[0].getFunction === 'function'; const { stack } = new Error('x'); delete Error.prepareStackTrace; return stack; }`,
  },
  {
    name: 'functions of the frames below a getter of the answer',
    program: `(options, callback) => {
      let reached = 0;
      const look = () => {
        Error.prepareStackTrace = (error, sites) => sites;
        const sites = new Error('x').stack;
        delete Error.prepareStackTrace;
        reached += sites.filter((site) => String(site.getFileName()).startsWith('bulkhead:') && site.getFunction() !== undefined).length;
        return reached;
      };
      callback(null, { get reached() { return look(); } });
    }`,
    expected: { answer: { reached: 0 } },
    control: '() => { const o = { get a() { return typeof new Error("x").stack; } }; return o.a === "string"; }',
  },
  {
    name: 'the constructor of a stack frame',
    program: `() => {
      ${realmOf}
      Error.prepareStackTrace = (error, sites) => realmOf(sites[0].constructor.constructor).concat(realmOf(sites.constructor.constructor));
      const { stack } = new Error('x');
      delete Error.prepareStackTrace;
      return stack;
    }`,
    expected: { answer: [true, 'undefined', true, 'undefined'] },
    control: `() => { Error.prepareStackTrace = () => true; const { stack } = new Error('x'); delete Error.prepareStackTrace; return stack; }`,
  },
  {
    name: 'an error whose name is a symbol',
    program: `() => {
      ${realmOf}
      const error = new Error('x');
      error.name = Symbol('s');
      try { return [typeof error.stack].concat(Error.captureStackTrace(error) ?? [], typeof error.stack); } catch (thrown) { return realmOf(thrown.constructor.constructor); }
    }`,
    expected: { answer: ['string', 'string'] },
    control: `() => { const error = new Error('x'); error.name = 'E'; return String(error) === 'E: x'; }`,
  },
  {
    name: 'an asynchronous stack',
    program: `async () => {
      Error.stackTraceLimit = Infinity;
      const deep = async (depth) => { await null; if (depth > 0) return deep(depth - 1); throw new Error('deep'); };
      const { stack } = await deep(20).catch((error) => error);
      return /file:|node:|[/]sandbox[/]|[/]node_modules[/]|[.]ts\\b/.test(stack);
    }`,
    expected: { answer: false },
    control: `async () => { await null; return typeof new Error('x').stack === 'string'; }`,
  },
  {
    name: 'paths in the stacks of the runtime’s errors',
    program: `async () => {
      const errors = [];
      const attempt = async (work) => { try { await work(); } catch (error) { errors.push(String(error.stack)); } };
      await attempt(() => setTimeout(1));
      await attempt(() => queueMicrotask());
      await attempt(() => require('fs'));
      await attempt(() => fetch('https://example.com'));
      await attempt(() => fetch('/', { body: {} }));
      await attempt(() => import('fs'));
      await attempt(() => require('bulkhead').progress(Symbol()));
      return [errors.length, errors.some((stack) => /file:|node:|[/]sandbox[/]|[/]node_modules[/]|[.]ts\\b/.test(stack))];
    }`,
    expected: { answer: [7, false] },
    control: `() => { try { setTimeout(1); } catch ({ stack }) { return typeof stack === 'string'; } }`,
  },
  {
    name: 'the caller of the caller',
    program: `() => { const f = function () { return arguments.callee.caller; }; const g = function () { return f(); }; const caller = g(); let outer; try { outer = g.caller; } catch { outer = null; } return [caller === g, outer]; }`,
    expected: { answer: [true, null] },
    control: '() => { const f = function () { return arguments.callee === f; }; return f(); }',
  },
  {
    name: 'the caller of the program',
    program: `function () { const { caller } = arguments.callee; return caller === null ? 'nobody' : typeof caller; }`,
    expected: { answer: 'nobody' },
    control: 'function program() { return arguments.callee === program; }',
  },
  {
    name: 'the caller of a timer’s function',
    program: `() => new Promise((resolve) => setTimeout(function f() { resolve(f.caller === null ? 'nobody' : typeof f.caller); }, 1))`,
    expected: { answer: 'nobody' },
    control: '() => new Promise((resolve) => setTimeout(resolve, 1, true))',
  },
  {
    name: 'the reader of an error’s getter',
    program: `(options, callback) => {
      let who = 'nobody';
      const error = {};
      Object.defineProperty(error, 'code', { get: function f() { who = f.caller === null ? 'nobody' : typeof f.caller; return 'E_' + who; } });
      callback(error);
    }`,
    expected: { code: 'E_nobody' },
    control: '() => Object.defineProperty({}, "a", { get: function f() { return typeof f === "function"; } }).a',
  },
  {
    name: 'a shadow realm',
    program: `() => typeof ShadowRealm === 'undefined' ? 'undefined' : new ShadowRealm().evaluate('typeof process')`,
    expected: { answer: 'undefined' },
    control: `() => (0, eval)('typeof Array') === 'function'`,
  },
  {
    name: 'WebAssembly',
    program: `() => [typeof WebAssembly, typeof globalThis.WebAssembly, Function('return typeof WebAssembly')()]`,
    expected: { answer: ['undefined', 'undefined', 'undefined'] },
    control: `() => Function('return typeof Array')() === 'function'`,
  },
  {
    name: 'functions of the engine',
    program: `() => ['%DebugPrint(1)', '%GetOptimizationStatus(eval)', '%SystemBreak()', '%AbortJS("x")'].map((source) => { try { return typeof eval(source); } catch ({ name }) { return name; } })`,
    expected: { answer: ['SyntaxError', 'SyntaxError', 'SyntaxError', 'SyntaxError'] },
    control: `() => eval('5 % 3') === 2`,
  },
  {
    name: 'a debugger statement',
    program: `() => { debugger; eval('debugger'); Function('debugger')(); return typeof process; }`,
    expected: { answer: 'undefined' },
    control: '() => { debugger; return true; }',
  },
  {
    name: 'a function with a hashbang, and one that closes its own body',
    program: `() => ['#!/bin/sh\\nreturn 1', '}) + typeof process; (function () {', '*/ return process /*', '-->\\nreturn process.pid'].map((body) => { try { return typeof Function(body)(); } catch ({ name }) { return name; } })`,
    expected: { answer: ['SyntaxError', 'SyntaxError', 'SyntaxError', 'ReferenceError'] },
    control: `() => Function('a', 'b', '// a line\\nreturn a + b')(1, 2) === 3`,
  },
  {
    name: 'parameters that escape the function',
    program: `() => ['a = typeof process', '){ return typeof process }, function (', '/*', '{a = process} = {}'].map((parameter) => { try { return String(Function(parameter, '*/ return typeof a')()); } catch ({ name }) { return name; } })`,
    expected: { answer: ['SyntaxError', 'SyntaxError', 'SyntaxError', 'SyntaxError'] },
    control: `() => Function('a = 1', 'return a')() === 1`,
  },
  {
    name: 'the names that a with statement sees',
    program: `() => {
      const seen = new Set();
      const spy = new Proxy({}, { has(target, key) { if (typeof key === 'string') seen.add(key); return false; } });
      Function('spy', 'with (spy) { console.log(1); setTimeout(() => {}, 1); return typeof process; }')(spy);
      return [...seen].sort();
    }`,
    expected: { answer: ['console', 'process', 'setTimeout'] },
    control: `() => Function('o', 'with (o) { return a; }')({ a: true })`,
  },
  {
    name: 'unscopables removed',
    program: `() => {
      const scope = new Proxy(globalThis, { has: () => true, get: (target, key) => key === Symbol.unscopables ? undefined : Reflect.get(target, key) });
      return Function('scope', 'with (scope) { return typeof process; }')(scope);
    }`,
    expected: { answer: 'undefined' },
    control: `() => Function('o', 'with (o) { return typeof a; }')({ a: 1, [Symbol.unscopables]: { a: true } }) === 'undefined'`,
  },
  {
    name: 'a trap on the global object’s prototype',
    program: `async () => {
      const seen = [];
      let changed = false;
      try {
        changed = Reflect.setPrototypeOf(Object.getPrototypeOf(globalThis) ?? globalThis, new Proxy(Object.prototype, { get(target, key, receiver) { seen.push(typeof receiver.process); return Reflect.get(target, key); }, has(target, key) { return Reflect.has(target, key); } }));
      } catch {}
      try { nowhere; } catch {}
      await null;
      console.log('x');
      return seen.every((one) => one === 'undefined');
    }`,
    expected: { answer: true },
    control: `() => { try { nowhere; } catch (error) { return error instanceof ReferenceError; } }`,
  },
  {
    name: 'a thenable as an answer, and its caller',
    program: `() => ({ then(resolve, reject) { ${realmOf} resolve(realmOf(resolve.constructor).concat(realmOf(reject.constructor), this === globalThis)); } })`,
    expected: { answer: [true, 'undefined', true, 'undefined', false] },
    control: '() => ({ then(resolve) { resolve(true); } })',
  },
  {
    name: 'the callback and its return value',
    program: `(options, callback) => { ${realmOf} const made = realmOf(callback.constructor); callback(null, made.concat(Object.getPrototypeOf(callback) === Function.prototype)); }`,
    expected: { answer: [true, 'undefined', true] },
    control: '(options, callback) => { callback(null, typeof callback === "function"); }',
  },
  {
    name: 'proxy traps of an answer that collect their arguments',
    program: `(options, callback) => {
      const seen = new Set();
      const handler = new Proxy({}, { get: (target, trap) => (...args) => { for (const one of args) if ((typeof one === 'object' && one !== null) || typeof one === 'function') seen.add(one instanceof Object || Object.getPrototypeOf(one) === null); return Reflect[trap](...args); } });
      callback(null, [new Proxy({ a: new Proxy([1], handler) }, handler)]);
      if (seen.has(false)) throw new Error('foreign');
    }`,
    expected: { answer: [{ a: [1] }] },
    control: '() => new Proxy({}, new Proxy({}, { get: () => () => true })).a',
  },
  {
    name: 'the species of arrays and promises',
    program: `async () => {
      ${realmOf}
      const seen = [];
      const spy = function (work) { seen.push(typeof work === 'function' ? work.constructor : Function); if (typeof work === 'function') work(() => {}, () => {}); return []; };
      for (const one of [Array, Promise, RegExp, ArrayBuffer, Map]) Object.defineProperty(one, Symbol.species, { get: () => spy, configurable: true });
      [1].map((x) => x);
      fetch('https://example.com').then(() => {}, () => {});
      console.log([1]);
      return seen.length > 0 && seen.every((one) => realmOf(one)[0]);
    }`,
    expected: { answer: true },
    control: '() => { class Own extends Array {} return new Own(1, 2).map((x) => x) instanceof Own; }',
  },
  {
    name: 'an array that is its own species',
    program: `() => {
      ${realmOf}
      const list = [1];
      list.constructor = { [Symbol.species]: function () { return list; } };
      return realmOf(list.map(() => console.log).filter(() => true)[0].constructor);
    }`,
    expected: ownRealm,
    control: `() => { const list = [1]; list.constructor = { [Symbol.species]: Array }; return list.map((x) => x)[0] === 1; }`,
  },
  {
    name: 'an array’s iterator poisoned while the runtime iterates',
    program: `async () => {
      ${realmOf}
      const seen = [];
      const next = Object.getPrototypeOf([][Symbol.iterator]()).next;
      Object.getPrototypeOf([][Symbol.iterator]()).next = function () { seen[seen.length] = this.constructor.constructor; return Reflect.apply(next, this, []); };
      await fetch('https://example.com', { headers: [['a', 'b']] }).catch(() => {});
      console.log('x');
      let own = true;
      for (let i = 0; i < seen.length; i++) own = own && realmOf(seen[i])[0];
      return own;
    }`,
    expected: { answer: true },
    control: `() => { let count = 0; const own = { *[Symbol.iterator]() { count++; yield 1; } }; for (const one of own); return count === 1; }`,
  },
  {
    name: 'the error at the end of the stack, within a call to the runtime',
    program: `() => {
      const caught = new Set();
      for (let spare = 0; spare < 60; spare++) {
        const dive = (left) => {
          try { return dive(left); } catch (error) { caught.add(error.constructor); if (left.count-- > 0) { try { console.log('x'); setTimeout(() => {}, 1e6); } catch (inner) { caught.add(inner.constructor); } } throw error; }
        };
        try { dive({ count: spare }); } catch {}
      }
      return [...caught].every((one) => (one === RangeError || one === Error) && one.constructor === Function && one.constructor('return typeof process')() === 'undefined');
    }`,
    expected: { answer: true },
    control:
      '() => { const dive = () => dive() + 1; try { dive(); } catch (error) { return error.constructor === RangeError; } }',
  },
  {
    name: 'the error when buffer memory runs out',
    program: `() => { ${realmOf} try { new ArrayBuffer(2 ** 33); } catch (error) { return realmOf(error.constructor.constructor).concat(error instanceof RangeError); } }`,
    expected: { answer: [true, 'undefined', true] },
    control: '() => { try { new ArrayBuffer(-1); } catch (error) { return error instanceof RangeError; } }',
  },
  {
    name: 'the error of a timer too many',
    program: `() => { ${realmOf} try { for (;;) setTimeout(() => {}, 1e6); } catch (error) { return realmOf(error.constructor.constructor); } }`,
    expected: ownRealm,
    control: '() => { try { setTimeout(1); } catch (error) { return error instanceof TypeError; } }',
  },
  {
    name: 'errors of the parser, the compiler and the formatter',
    program: `() => {
      const sources = ['(', 'let a; let a', '/(/', 'x = {', '"\\\\u{110000}"', 'new Intl.NumberFormat("xx-invalid-locale-zz")', 'BigInt(1.5)', 'null.a', '"a".repeat(-1)', 'decodeURI("%")', 'new Array(-1)', 'Symbol() + ""', 'structuredCloneNot()', 'JSON.parse("{")', 'new Proxy(1, 1)', 'Reflect.construct(1)'];
      return sources.every((source) => { try { eval(source); return false; } catch (error) { return error instanceof Error && error.constructor.constructor === Function; } });
    }`,
    expected: { answer: true },
    control: '() => { try { null.a; } catch (error) { return error instanceof TypeError; } }',
  },
  {
    name: 'objects thrown through callbacks of the runtime',
    program: `async () => {
      const proof = [];
      const thrown = { toString() { proof.push(typeof process); throw thrown; }, get stack() { proof.push(typeof process); throw thrown; } };
      try { setTimeout(() => {}, { valueOf() { throw thrown; } }); } catch (error) { proof.push(error === thrown); }
      try { console.log({ toJSON() { throw thrown; } }); } catch { proof.push('escaped'); }
      try { console.log(thrown); } catch { proof.push('escaped'); }
      await fetch({ toString() { throw thrown; } }).catch((error) => proof.push(error === thrown));
      try { require('bulkhead').progress({ valueOf() { throw thrown; } }); } catch (error) { proof.push(error === thrown); }
      return proof.every((one) => one === true || one === 'undefined');
    }`,
    expected: { answer: true },
    control: '() => { const thrown = {}; try { throw thrown; } catch (error) { return error === thrown; } }',
  },
  {
    name: 'non-string values passed to the runtime',
    program: `async () => {
      const odd = [Symbol('s'), 1n, null, undefined, {}, [], () => {}, new Proxy({}, {}), Object.create(null), NaN];
      let thrown = 0;
      for (const one of odd) {
        try { console.log(one); } catch { thrown += 100; }
        try { clearTimeout(one); } catch { thrown += 100; }
        try { require('bulkhead').progress(one, one); } catch (error) { if (!(error instanceof TypeError)) thrown += 100; }
        await fetch(one).catch((error) => { if (!(error instanceof TypeError)) thrown += 100; });
      }
      return thrown;
    }`,
    expected: { answer: 0 },
    control: `() => { console.log(undefined, null, 1n, Symbol('s')); return true; }`,
  },
  {
    name: 'a shared buffer that another thread might see',
    program: `() => { ${realmOf} const shared = new SharedArrayBuffer(8, { maxByteLength: 16 }); shared.grow(16); const cell = new Int32Array(shared); return realmOf(shared.constructor.constructor).concat(Atomics.add(cell, 0, 5), Atomics.load(cell, 0), Atomics.notify(cell, 0)); }`,
    expected: { answer: [true, 'undefined', 0, 5, 0] },
    control: '() => Atomics.load(new Int32Array(new SharedArrayBuffer(4)), 0) === 0',
  },
  {
    name: 'a view of a buffer that shrinks while being read',
    program: `() => {
      const buffer = new ArrayBuffer(4096, { maxByteLength: 8192 });
      const view = new Uint8Array(buffer);
      const attempt = (work) => { try { return work(); } catch (error) { return error instanceof RangeError || error instanceof TypeError; } };
      attempt(() => view.subarray(0, { valueOf() { buffer.resize(0); return 4096; } }));
      attempt(() => view.fill({ valueOf() { buffer.resize(8192); return 9; } }));
      attempt(() => view.slice({ valueOf() { buffer.resize(1); return 0; } }, 4096));
      return [view.length, view.at(4095) ?? 'nothing', view.slice(0, 4096).length, view.join('').length];
    }`,
    expected: { answer: [1, 'nothing', 1, 1] },
    control:
      '() => { const buffer = new ArrayBuffer(8, { maxByteLength: 16 }); buffer.resize(4); return new Uint8Array(buffer).length === 4; }',
  },
  {
    name: 'a comparator that changes the array’s length',
    program: `() => {
      const list = Array.from({ length: 1000 }, (_, i) => [i]);
      list.sort((a, b) => { list.length = 0; list.push(1.5); return 0; });
      return list.every((one) => one === 1.5 || Array.isArray(one));
    }`,
    expected: { answer: true },
    control: '() => { const list = [2, 1]; list.sort(); return list[0] === 1; }',
  },
  {
    name: 'a typed array sorted while its buffer is detached',
    program: `() => {
      const list = new Float64Array(1000).fill(1.1);
      let taken = false;
      list.sort(() => { if (!taken) { taken = true; list.buffer.transfer(); } return 0; });
      return [list.length, list.byteLength];
    }`,
    expected: { answer: [0, 0] },
    control: '() => { const list = new Float64Array(8); list.buffer.transfer(); return list.length === 0; }',
  },
  {
    name: 'weak references and their targets',
    program: `async ({ _integrationId }) => {
      ${realmOf}
      const weak = new WeakRef(await fetch('/integrations/' + _integrationId));
      const registry = new FinalizationRegistry(() => {});
      registry.register(globalThis, 'global');
      return realmOf(weak.deref().constructor.constructor).concat(realmOf(registry.constructor.constructor));
    }`,
    expected: { answer: [true, 'undefined', true, 'undefined'] },
    control: '() => { const kept = {}; return new WeakRef(kept).deref() === kept; }',
  },
  {
    name: 'accessors of the runtime’s objects',
    program: `async ({ _integrationId }) => {
      const reply = await fetch('/integrations/' + _integrationId);
      const getters = ['ok', 'bodyUsed'].map((name) => reply.__proto__.__lookupGetter__(name));
      const proto = {}.__lookupGetter__('__proto__');
      return [getters.every((one) => one.constructor === Function), proto.call(console.log) === Function.prototype, proto.call(reply).constructor === reply.constructor];
    }`,
    expected: { answer: [true, true, true] },
    control: `() => ({ get a() { return 1; } }).__lookupGetter__('a').constructor === Function`,
  },
  {
    name: 'private fields of another Headers object',
    program: `() => { try { Headers.prototype.get.call(new Proxy(new Headers({ a: 'b' }), {}), 'a'); return 'read'; } catch (error) { return [error instanceof TypeError, error.constructor.constructor === Function]; } }`,
    expected: { answer: [true, true] },
    control: `() => Headers.prototype.get.call(new Headers({ a: 'b' }), 'a') === 'b'`,
  },
  {
    name: 'the SDK changed for others',
    program: `() => { const sdk = require('bulkhead'); const before = sdk.progress; try { sdk.progress = () => 'forged'; sdk.more = 1; } catch {} return [sdk.progress === before, 'more' in sdk, Object.isFrozen(sdk), sdk.constructor.constructor === Function]; }`,
    expected: { answer: [true, false, true, true] },
    control: `() => require('bulkhead') === require('bulkhead')`,
  },
  {
    name: 'construct traps on classes passed to the runtime',
    program: `() => {
      ${realmOf}
      let seen = Function;
      const spy = new Proxy(class {}, { construct(target, args, made) { seen = made.constructor; return {}; }, apply(target, self, args) { seen = args.constructor.constructor; return ''; }, get(target, key) { return key === Symbol.toPrimitive ? spy : Reflect.get(target, key); } });
      console.log(spy);
      try { setTimeout(spy, spy); } catch {}
      return fetch(spy, { method: spy }).catch(() => realmOf(seen));
    }`,
    expected: ownRealm,
    control: '() => new (new Proxy(class { a = true; }, {}))().a',
  },
  {
    name: 'a prototype chain that evades the runtime’s look-up',
    program: `function () { const before = Object.getPrototypeOf(this); Object.setPrototypeOf(this, new Proxy({}, { get: (target, key, receiver) => typeof process, getPrototypeOf: () => null })); const answer = this.anything; Object.setPrototypeOf(this, before); return answer; }`,
    expected: { answer: 'undefined' },
    control: 'function () { return Object.getPrototypeOf(this) === Object.prototype; }',
  },
  {
    name: 'code in the names of groups, tags and dates',
    program: `() => {
      ${realmOf}
      let groups;
      'a'.replace(/(?<constructor>a)/, (...args) => { groups = args.at(-1); });
      const strings = ((given) => given)\`x\`;
      return [groups.constructor.constructor.constructor, strings.constructor.constructor, strings.raw.constructor.constructor, Intl.DateTimeFormat.constructor].map((one) => realmOf(one)[0]);
    }`,
    expected: { answer: [true, true, true, true] },
    control: `() => 'a'.replace(/(?<letter>a)/, '$<letter>') === 'a'`,
  },
]);

const reserved = ['toString', 'constructor', '__proto__', 'hasOwnProperty', 'valueOf', '__defineGetter__'] as const;
const inherited = ['__lookupSetter__', 'isPrototypeOf', 'propertyIsEnumerable', 'toLocaleString'] as const;
const nobodys = ['then', 'call', 'apply', 'prototype', 'default', 'nothing'] as const;

const names = inFamily(
  'names that are not the connector’s',
  [...reserved, ...inherited, ...nobodys].map((call) => ({
    name: `a call of ${call}`,
    call,
    program: '() => 1',
    expected: { code: 'invalid_function' },
    control: `() => typeof ({}).${call === 'default' || call === 'nothing' ? 'toString' : call} !== 'symbol'`,
  })),
);

export const programs: readonly Program[] = [
  ...cpuTime,
  ...neverAnswering,
  ...heap,
  ...outsideTheHeap,
  ...stack,
  ...oddAnswers,
  ...floods,
  ...forged,
  ...leftBehind,
  ...asking,
  ...levers,
  ...others,
  ...host,
  ...names,
];
