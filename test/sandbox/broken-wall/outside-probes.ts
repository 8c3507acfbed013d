/** Access to things outside of the process: files and the network. */
import { DENIED, noSqlite, type Probe, probe, sqlite } from './probe.ts';

const fs = "builtin('fs').";
const canary = "builtin('fs').readFileSync(given.canary, 'utf8')";
/** Waits for an event. */
const once = (emitter: string, event: string) => `await builtin('events').once(${emitter}, '${event}')`;
/** Native methods return an error or its number instead of throwing. */
const granted = (call: string) =>
  `const said = ${call}; if (said instanceof Error) throw said; if (said) throw new Error('status ' + said); return 'granted'`;

const reading: [string, string][] = [
  ['a file', `return ${canary}`],
  ['a file by a path of bytes', `return ${fs}readFileSync(Buffer.from(given.canary), 'utf8')`],
  ['a file through promises', `return ${fs}promises.readFile(given.canary, 'utf8')`],
  ['a file as a blob', `return (await ${fs}openAsBlob(given.canary)).text()`],
  ['a file as a module', "return (await import(given.canary + '.mjs')).default"],
  ['a file with require', "return builtin('module').createRequire(given.canary)(given.canary + '.json')"],
  ['a file into its environment', 'process.loadEnvFile(given.canary + ".env"); return process.env.SONG'],
  ['a folder', `return ${fs}readdirSync(given.folder).includes('canary') && 'sings'`],
  ['the target of a link', `return ${fs}readlinkSync('/proc/self/exe') && 'sings'`],
  ['its environment from the system', `return /CANARY=(\\w+)/.exec(${fs}readFileSync('/proc/self/environ'))[1]`],
  ['changes of a folder', `${fs}watch(given.folder).close(); return 'sings'`],
];

const writing: [string, string, string?][] = [
  ['a file', `${fs}writeFileSync(given.written, 'x')`],
  ['a copy', `${fs}copyFileSync(given.canary, given.written)`],
  ['a link', `${fs}symlinkSync(given.canary, given.written)`],
  ['a folder', `${fs}mkdirSync(given.written)`],
  ['a stream of text', `new (${fs}Utf8Stream)({ dest: given.written, sync: true }).write('x')`],
  ['a snapshot of the heap', "builtin('v8').writeHeapSnapshot(given.written)"],
  ['a report', 'process.report.writeReport(given.written)'],
  ['a database', `${sqlite} new DatabaseSync(given.written)`, noSqlite],
  [
    'a database attached to one in memory',
    `${sqlite} memory.exec("ATTACH '" + given.written + "' AS a; CREATE TABLE a.t (c)")`,
    noSqlite,
  ],
  [
    'a copy of a database in memory',
    `${sqlite} memory.exec("CREATE TABLE t (c); VACUUM INTO '" + given.written + "'")`,
    noSqlite,
  ],
  ['a backup of a database', `${sqlite} await backup(memory, given.written)`, noSqlite],
  ['the permissions of an open file', `${fs}fchmodSync(3, 0o600)`],
  ['the times of an open file', `${fs}futimesSync(3, 1, 1)`],
];

const net = "builtin('net')";
const dgram = "builtin('dgram')";
const network: [string, string, unknown][] = [
  [
    'connects',
    `const socket = ${net}.connect(given.port, '127.0.0.1'); return String((${once('socket', 'data')})[0])`,
    'hello',
  ],
  [
    'connects to a socket in the file system',
    `const socket = ${net}.connect(given.socket); return String((${once('socket', 'data')})[0])`,
    'hello',
  ],
  [
    'fetches',
    "try { return (await fetch('http://127.0.0.1:' + given.web)).status } catch ({ cause }) { throw cause }",
    200,
  ],
  [
    'listens',
    `const server = ${net}.createServer().listen(0, '127.0.0.1'); ${once('server', 'listening')}; server.close(); return 'listens'`,
    'listens',
  ],
  [
    'listens in the file system',
    `const server = ${net}.createServer().listen(given.written); ${once('server', 'listening')}; server.close(); return 'listens'`,
    'listens',
  ],
  ['looks up a name', "return (await builtin('dns').promises.lookup('localhost', 4)).address", '127.0.0.1'],
  [
    'asks a DNS server',
    "const { Resolver } = builtin('dns').promises; const resolver = new Resolver({ timeout: 1_000, tries: 1 }); resolver.setServers(['127.0.0.1:' + given.names]); return (await resolver.resolve4('a.example'))[0]",
    '192.0.2.7',
  ],
  [
    'sends a datagram',
    `const socket = ${dgram}.createSocket('udp4'); await new Promise((done, failed) => socket.on('error', failed).send('x', given.names, '127.0.0.1', (error) => error ? failed(error) : done())); socket.close(); return 'sent'`,
    'sent',
  ],
  [
    'listens for datagrams',
    `const socket = ${dgram}.createSocket('udp4').bind(0, '127.0.0.1'); ${once('socket', 'listening')}; socket.close(); return 'listens'`,
    'listens',
  ],
  [
    'binds a TCP handle',
    `const { constructor: Handle } = nativeHandle('TCPWRAP', () => ${net}.connect(given.port, '127.0.0.1').on('error', () => {})); ${granted("new Handle(1).bind('127.0.0.1', 0)")}`,
    'granted',
  ],
  [
    'binds a pipe handle',
    `const { constructor: Handle } = nativeHandle('PIPEWRAP', () => ${net}.connect(given.socket).on('error', () => {})); ${granted('new Handle(1).bind(given.written)')}`,
    'granted',
  ],
  [
    'binds a UDP handle',
    `const handle = nativeHandle('UDPWRAP', () => ${dgram}.createSocket('udp4')); ${granted("handle.bind('127.0.0.1', 0, 0)")}`,
    'granted',
  ],
  ['opens the inspector', "builtin('inspector').open(0, '127.0.0.1'); return 'open'", 'open'],
];

export const outsideProbes: readonly Probe[] = [
  ...reading.map(([what, code]) => probe(`reads ${what}`, code, { refused: DENIED }, 'sings')),
  ...writing.map(([what, code, refused = DENIED]) =>
    probe(`writes ${what}`, `${code}; return 'written'`, { refused }, 'written'),
  ),
  ...network.map(([what, code, free]) => probe(what, code, { refused: DENIED }, free)),
];
