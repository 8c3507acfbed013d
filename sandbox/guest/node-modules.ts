/** What `bulkhead build` bundles for Node's modules: files in `node`, and a member of what a file exports. */

import { fileURLToPath } from 'node:url';

interface NodeModule {
  /** Absolute path. */
  readonly file: string;
  /** Of the file's exports. */
  readonly member: string;
  /** Of that export, as in `stream/promises`. */
  readonly part?: string | undefined;
}

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const pathOf = (name: string): string => fileURLToPath(new URL(`./node/${name}.${extension}`, import.meta.url));

const SMALL = 'small-modules';

/** File, its export if it is not the default, and a part of that. */
const table: Readonly<Record<string, readonly [file: string, member?: string, part?: string]>> = {
  assert: ['assert'],
  'assert/strict': ['assert', 'default', 'strict'],
  async_hooks: [SMALL, 'asyncHooks'],
  buffer: ['buffer'],
  console: [SMALL, 'console'],
  constants: [SMALL, 'constants'],
  crypto: ['crypto'],
  diagnostics_channel: [SMALL, 'diagnosticsChannel'],
  events: ['events'],
  http: ['http'],
  https: ['https'],
  os: ['os'],
  path: ['path'],
  'path/posix': ['path'],
  'path/win32': ['path'],
  perf_hooks: [SMALL, 'perfHooks'],
  process: ['process'],
  punycode: ['punycode'],
  querystring: ['querystring'],
  stream: ['stream'],
  'stream/consumers': ['stream', 'consumers'],
  'stream/promises': ['stream', 'default', 'promises'],
  'stream/web': ['stream', 'web'],
  string_decoder: ['string-decoder'],
  sys: ['util'],
  timers: ['timers'],
  'timers/promises': ['timers', 'default', 'promises'],
  tty: [SMALL, 'tty'],
  url: ['url'],
  util: ['util'],
  'util/types': ['util', 'default', 'types'],
  zlib: ['zlib'],
};

/** Modules of which only these members work. All others that are not in the table are absent as a whole. */
const partial: Readonly<Record<string, readonly [file: string, member: string]>> = {
  cluster: [SMALL, 'cluster'],
  fs: [SMALL, 'fs'],
  module: [SMALL, 'module'],
  net: [SMALL, 'net'],
  worker_threads: [SMALL, 'workerThreads'],
};

const at = ([file, member = 'default', part]: readonly [string, string?, string?]): NodeModule => ({
  file: pathOf(file),
  member,
  part,
});

/** @param name without `node:` @returns undefined if the module cannot be there */
export function nodeModule(name: string): NodeModule | undefined {
  return Object.hasOwn(table, name) ? at(table[name] as (typeof table)[string]) : undefined;
}

/** What works of a module that is absent otherwise. */
export function partOfNodeModule(name: string): NodeModule | undefined {
  return Object.hasOwn(partial, name) ? at(partial[name] as (typeof partial)[string]) : undefined;
}

/** Packages that are absent, too, because all they do needs sockets or files. They do not even load without. */
export const absentPackages: readonly string[] = ['fsevents', 'http2-wrapper'];

/**
 * Packages whose builds for browsers need `XMLHttpRequest` or a page, or do other things than in Node. With Node's
 * modules their builds for Node work.
 */
export const nodeBuilds: readonly string[] = ['form-data', 'superagent'];

/** Clients whose builds for browsers cannot send the forms of the package form-data. */
export const formSenders: readonly string[] = ['axios', 'mailgun.js', 'node-fetch'];

/** Exports `absentModule`, which makes a module that throws when it is used. */
export const absentModuleFile = pathOf('not-available');

/** Exports `fileSystem`, which makes `fs` for files that were put into the bundle. */
export const inlinedFilesModule: NodeModule = { file: pathOf('inlined-files'), member: 'fileSystem' };

/** What is bundled for the module `integrator-api`. */
export const integratorApiFile = pathOf('../integrator-api');

/** Exports `XMLHttpRequest`. */
export const xmlHttpRequestFile = pathOf('xml-http-request');

/** Files whose exports stand in for globals that Node has, and what of a bundle's code shows that it uses them. */
export const nodeGlobals: readonly { readonly used: RegExp; readonly file: string }[] = [
  { used: /(?<![\w$.])Buffer\b/, file: pathOf('inject/buffer') },
  { used: /(?<![\w$.])process\b/, file: pathOf('inject/process') },
  { used: /(?<![\w$.])(?:set|clear)Immediate\b/, file: pathOf('inject/immediates') },
];
