/** What a process can do to other processes, and with its own threads, memory and libraries. */
import { DENIED, noSqlite, type Probe, probe } from './probe.ts';

const IN_NO_WORKER = 'ERR_WORKER_UNSUPPORTED_OPERATION';
const gone = (name: string) => `${name} is not a function`;

const others: [string, string, string, unknown][] = [
  [
    'starts a process',
    "return String(builtin('child_process').execFileSync(process.execPath, ['-p', '1'])).trim()",
    DENIED,
    '1',
  ],
  [
    'starts a process by its class',
    "const { ChildProcess } = builtin('child_process'); const child = new ChildProcess(); child.spawn({ file: process.execPath, args: [process.execPath, '-p', '1'], stdio: 'ignore' }); return 'started'",
    DENIED,
    'started',
  ],
  ['forks', "builtin('cluster').fork().process.kill(); return 'forked'", DENIED, 'forked'],
  [
    'starts a thread',
    "const worker = new (builtin('worker_threads').Worker)('', { eval: true }); await builtin('events').once(worker, 'exit'); return 'started'",
    DENIED,
    'started',
  ],
  [
    'starts a thread for loader hooks',
    "builtin('module').register('data:text/javascript,'); return 'started'",
    DENIED,
    'started',
  ],
  [
    'debugs its own thread',
    "const { Session } = builtin('inspector'); new Session().connect(); return 'connected'",
    DENIED,
    'connected',
  ],
  [
    'debugs the main thread',
    "const { Session } = builtin('inspector'); new Session().connectToMainThread(); return 'connected'",
    DENIED,
    'connected',
  ],
  [
    'sends the main thread a message',
    "await builtin('worker_threads').postMessageToThread(0, 'x'); return 'taken'",
    'ERR_WORKER_MESSAGING_FAILED',
    'taken',
  ],
  ['loads an addon', "process.dlopen({ exports: {} }, given.addon); return 'loaded'", gone('process.dlopen'), 'loaded'],
  [
    'requires an addon',
    "return typeof builtin('module').createRequire(given.addon)(given.addon)",
    gone('process.dlopen'),
    'object',
  ],
  [
    'finds isolated-vm, which loads any file as native code',
    "const Module = builtin('module'); const kept = Object.values(Module._cache).flatMap((loaded) => [loaded, ...loaded.children]).find(({ exports }) => exports?.NativeModule); return typeof (kept?.exports ?? Module.createRequire(process.argv[1])('isolated-vm')).NativeModule",
    DENIED,
    'function',
  ],
  [
    'loads an addon like the module loader',
    "const Module = builtin('module'); Module._extensions['.node'](new Module('x'), given.addon); return 'loaded'",
    gone('process.dlopen'),
    'loaded',
  ],
  [
    'calls a native library',
    "return builtin('node:ffi').dlopen(null, {}).lib.constructor.name",
    DENIED,
    'DynamicLibrary',
  ],
  [
    'loads an OpenSSL engine',
    "try { builtin('crypto').setEngine(given.addon) } catch (error) { if (error.code !== 'ERR_CRYPTO_ENGINE_UNKNOWN') throw error } return 'tried'",
    'ERR_CRYPTO_CUSTOM_ENGINE_NOT_SUPPORTED',
    'tried',
  ],
  [
    'allows SQLite extensions',
    "const { DatabaseSync } = builtin('node:sqlite'); new DatabaseSync(':memory:', { allowExtension: true }); return 'allowed'",
    noSqlite,
    'allowed',
  ],
  ["gets Node's internal bindings", "return typeof process.binding('fs')", gone('process.binding'), 'object'],
  [
    'runs WebAssembly with WASI',
    "const { WASI } = builtin('wasi'); return typeof new WASI({ version: 'preview1', preopens: { '/': '/' } })",
    DENIED,
    'object',
  ],
  [
    "sets V8's flags",
    "builtin('v8').setFlagsFromString('--expose-gc'); return 'set'",
    gone('builtin(...).setFlagsFromString'),
    'set',
  ],
  ['signals a process', 'return process.kill(given.victim, 0)', gone('process.kill'), true],
  ["signals a process with Node's own function", 'return process._kill(given.victim, 0)', gone('process._kill'), 0],
  [
    'lowers the priority of a process',
    "builtin('os').setPriority(given.victim, 5); return 'set'",
    gone('builtin(...).setPriority'),
    'set',
  ],
];

const inNoWorker: [string, string, string][] = [
  [
    'makes a process open its inspector',
    'process._debugProcess(given.victim); return true',
    gone('process._debugProcess'),
  ],
  ['changes the working directory', 'process.chdir(given.folder); return process.cwd() === given.folder', IN_NO_WORKER],
  [
    'replaces itself with another program',
    `process.execve(process.execPath, [process.execPath, '-e', 'process.stdout.write(JSON.stringify({ got: true }))'])`,
    IN_NO_WORKER,
  ],
  ['sets the umask', 'process.umask(0o77); return process.umask() === 0o77', IN_NO_WORKER],
  ['becomes another user', 'process.setuid(process.getuid()); return true', IN_NO_WORKER],
  [
    'starts tracing',
    "builtin('trace_events').createTracing({ categories: ['node'] }).disable(); return true",
    'ERR_TRACE_EVENTS_UNAVAILABLE',
  ],
];

const killed: [string, string][] = [
  ['the module', "(await import('node:process')).default.kill"],
  ["the module's own name", "(await import('node:process')).kill"],
  ['require', "builtin('module').createRequire('/')('process').kill"],
  ['the loader', "builtin('module')._load('node:process').kill"],
  ['the prototype', 'Object.getPrototypeOf(process).kill ?? process.constructor.prototype.kill ?? process.kill'],
  ['a script of its own', "builtin('vm').runInThisContext('process.kill')"],
  [
    'a shell',
    "(await import('node:repl')).start({ input: new (builtin('stream').PassThrough)(), output: new (builtin('stream').PassThrough)() }).context.process.kill",
  ],
];

const look: [string, string, unknown, unknown][] = [
  ['its environment', 'return { ...process.env }', {}, { CANARY: 'sings' }],
  [
    'files that its parent has open',
    "return Array.from({ length: 64 }, (_, fd) => fd).filter((fd) => { try { return builtin('fs').fstatSync(fd).ino === given.inode } catch { return false } }).length",
    0,
    1,
  ],
];

export const powerProbes: readonly Probe[] = [
  ...others.map(([what, code, refused, free]) => probe(what, code, { refused }, free)),
  ...killed.map(([route, expression]) =>
    probe(`gets process.kill through ${route}`, `return typeof (${expression})`, { got: 'undefined' }, 'function'),
  ),
  ...look.map(([what, code, jailed, free]) => probe(`sees ${what}`, code, { got: jailed }, free)),
  ...inNoWorker.map(([what, code, refused]) => probe(what, code, { refused }, true, 'main thread')),
];
