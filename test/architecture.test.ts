/** Holds ARCHITECTURE.md's rules against the sources; developer-documents.test.ts holds its text. */
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { slow } from './slow.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Import {
  readonly from: string;
  readonly to: string;
  readonly isTypeOnly: boolean;
}

/** The web page, which `npm run generate` bundles. */
const isDashboard = (file: string): boolean => file.startsWith('src/dashboard/');
/** What `npm run generate` makes one file of. */
const isTypebox = (file: string): boolean => file.startsWith('src/typebox/');
/** For `npm ci` and `npm run generate`, and not part of the product otherwise. */
const isBundled = (file: string): boolean =>
  file.startsWith('sandbox/guest/web/') ||
  // Its interface is types, which the runtime uses, too.
  (file.startsWith('sandbox/guest/flow/') && !file.endsWith('/interface.ts')) ||
  isDashboard(file) ||
  isTypebox(file) ||
  ['src/generate.ts', 'src/prepare.ts', 'src/lock-file.ts'].includes(file);

/** Files of a new connector. */
const isTemplate = (file: string): boolean => file.startsWith('src/author/templates/');

const sources = globSync(['src/**/*.{ts,tsx}', 'sandbox/**/*.ts'], { cwd: root }).filter((file) => !isTemplate(file));
const files = sources.filter((file) => !isBundled(file));

function importsIn(from: string): Import[] {
  const text = readFileSync(join(root, from), 'utf8');
  const statements = text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)';/gms);
  const calls = text.matchAll(/(typeof )?\bimport\('([^']+)'\)/g);
  return [...statements, ...calls].map(([, type, to = '']) => ({
    from,
    to: to.startsWith('.') ? normalize(join(dirname(from), to)) : to,
    isTypeOnly: type !== undefined,
  }));
}

/** Of everything, the dashboard and the other bundled sources included. */
const allImports: Import[] = sources.flatMap(importsIn);
/** Of what runs as it is. */
const imports = allImports.filter(({ from }) => !isBundled(from));

/** `src/api/app.ts` → `src/api`; files at the top of `src` stand for themselves. */
function roomOf(file: string): string {
  const [top, room, rest] = file.split('/');
  return rest === undefined ? `${top}/${room}` : `${top}/${room}`;
}

function importersOf(library: string): string[] {
  const hits = imports.filter(({ to }) => to === library || to.startsWith(`${library}/`));
  return [...new Set(hits.map(({ from }) => from))].sort();
}

test('the reader of imports sees them', () => {
  expect(imports.length).toBeGreaterThan(100);
  expect(imports).toContainEqual({ from: 'src/api/app.ts', to: 'src/errors.ts', isTypeOnly: false });
});

test('every import of a file names a file that is there, and no library comes unlisted', () => {
  const { dependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  for (const { from, to } of imports) {
    const isFile = to.endsWith('.ts') && files.includes(to);
    const library = to.startsWith('@') ? to.split('/').slice(0, 2).join('/') : (to.split('/')[0] ?? '');
    // JavaScript: one file is generated, the others are loaded before types are stripped.
    const isOurs = isFile || ['#typebox', 'src/compile-cache.js', 'src/supported-node.js'].includes(to);
    const isKnown = isOurs || to.startsWith('node:') || library in dependencies || library in peerDependencies;
    expect(isKnown, `${from} imports ${to}`).toBe(true);
  }
  for (const library of Object.keys(dependencies)) expect(importersOf(library), library).not.toEqual([]);
  for (const library of Object.keys(peerDependencies))
    expect(peerDependenciesMeta[library].optional, library).toBe(true);
});

test('what is bundled comes from libraries that are listed for it', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const bundled = sources.filter(isBundled);
  expect(bundled.length).toBeGreaterThan(10);
  for (const from of bundled) {
    const text = readFileSync(join(root, from), 'utf8');
    for (const [, specifier = ''] of text.matchAll(/^(?:import|export)\s(?:[^'";]*\sfrom\s)?'([^'.:][^':]*)';/gm)) {
      const [scope = '', name] = specifier.split('/');
      const library = scope.startsWith('@') ? `${scope}/${name}` : scope;
      expect(library in devDependencies || library in dependencies, `${from} imports ${specifier}`).toBe(true);
    }
  }
});

describe('arrows', () => {
  /** What a room of `src` may import beside itself. */
  const allowed: Record<string, string[]> = {
    'src/main.ts': ['src/cli', 'src/compile-cache.js', 'src/generated-files.ts', 'src/supported-node.js'],
    'src/cli': [
      'src/flow',
      'src/json.ts',
      'src/oauth',
      'src/author',
      'src/supported-node.js',
      'src/runtime.ts',
      'src/runtime-interface.ts',
      'src/option-table.ts',
      'src/options.ts',
      'src/admin-token.ts',
      'src/store-location.ts',
      'src/integration',
      'src/connector',
      'src/run',
      'src/store',
      'src/errors.ts',
      'sandbox/index.ts',
    ],
    'src/author': [
      'src/flow',
      'src/integration',
      'src/connector',
      'src/broker',
      'src/run',
      'src/store',
      'src/errors.ts',
      'src/json.ts',
      'sandbox/index.ts',
    ],
    'src/sdk': ['src/connector', 'src/json.ts'],
    'src/index.ts': [
      'src/runtime.ts',
      'src/runtime-interface.ts',
      'src/errors.ts',
      'src/json.ts',
      'src/options.ts',
      'src/store',
      'src/integration',
      'sandbox/index.ts',
    ],
    'src/admin-token.ts': ['src/api', 'src/store'],
    'src/server.ts': ['src/client-error.ts', 'src/integration'],
    'src/client-error.ts': ['src/errors.ts'],
    'src/runtime.ts': ['src/*', 'sandbox/index.ts'],
    'src/engine.ts': ['src/integration', 'src/options.ts', 'src/record', 'src/store'],
    'src/store-location.ts': ['src/integration', 'src/option-table.ts', 'src/options.ts', 'src/record', 'src/store'],
    'src/runtime-interface.ts': ['src/integration', 'src/json.ts', 'src/options.ts', 'sandbox/index.ts'],
    'src/embedded-calls.ts': ['src/errors.ts', 'src/integration', 'src/runtime-interface.ts', 'src/work'],
    'src/health.ts': ['src/connector', 'src/store', 'sandbox/index.ts'],
    'src/catalog-log.ts': ['src/connector'],
    'src/connectors-folder.ts': ['src/catalog-log.ts', 'src/connector', 'src/feed', 'src/store', 'sandbox/index.ts'],
    'src/credential-problems.ts': ['src/record'],
    'src/run-log.ts': ['src/feed', 'src/integration', 'src/metrics', 'src/run'],
    'src/running-flows.ts': ['src/feed', 'src/flow', 'src/integration', 'src/metrics', 'src/run-log.ts', 'src/store'],
    'src/run-options.ts': ['src/options.ts', 'sandbox/index.ts'],
    'src/access-log.ts': ['src/api'],
    'src/token-services.ts': ['src/api', 'src/store'],
    'src/metrics': [],
    'src/trace-context.ts': [],
    'src/api': [
      'src/flow',
      'src/oauth',
      'src/work',
      'src/parse-body.ts',
      'src/projection.ts',
      'src/metrics',
      'src/trace-context.ts',
      'src/feed',
      'src/run',
      'src/record',
      'src/integration',
      'src/connector',
      'src/broker',
      'src/store',
      'src/errors.ts',
      'src/json.ts',
      'src/schema.ts',
      'sandbox/index.ts',
    ],
    'src/flow': [
      'src/oauth',
      'src/work',
      'src/record',
      'src/integration',
      'src/connector',
      'src/broker',
      'src/store',
      'src/errors.ts',
      'src/json.ts',
      'src/trace-context.ts',
      'sandbox/index.ts',
    ],
    'src/feed': ['src/connector', 'src/flow', 'src/oauth', 'src/run', 'src/store'],
    'src/oauth': ['src/broker', 'src/record', 'src/store', 'src/errors.ts', 'src/json.ts', 'src/schema.ts'],
    'src/run': ['src/errors.ts', 'src/store', 'sandbox/index.ts'],
    'src/record': [
      'src/work',
      'src/store',
      'src/errors.ts',
      'src/json.ts',
      'src/parse-body.ts',
      'src/projection.ts',
      'src/schema.ts',
      'sandbox/index.ts',
    ],
    'src/integration': [
      'src/work',
      'src/parse-body.ts',
      'src/projection.ts',
      'src/trace-context.ts',
      'src/run',
      'src/record',
      'src/connector',
      'src/broker',
      'src/store',
      'src/errors.ts',
      'src/json.ts',
      'src/schema.ts',
      'sandbox/index.ts',
    ],
    'src/broker': [
      'src/work',
      'src/store',
      'src/errors.ts',
      'src/json.ts',
      'src/schema.ts',
      'src/trace-context.ts',
      'sandbox/index.ts',
    ],
    'src/connector': [
      'src/broker/origin-permissions.ts',
      'src/store',
      'src/errors.ts',
      'src/json.ts',
      'src/schema.ts',
      'sandbox/index.ts',
    ],
    'src/store': ['src/json.ts', 'src/schema.ts'],
    'src/options.ts': ['src/option-table.ts', 'src/sandbox-options.ts', 'src/schema.ts'],
    'src/option-table.ts': ['src/broker/address-guard.ts', 'src/sandbox-options.ts'],
    'src/sandbox-options.ts': ['src/broker/outbound-limits.ts', 'src/json.ts', 'sandbox/index.ts'],
    'src/schema.ts': ['src/errors.ts'],
    'src/parse-body.ts': ['src/errors.ts', 'src/json.ts', 'sandbox/index.ts'],
    'src/projection.ts': ['src/errors.ts', 'src/json.ts'],
    'src/work': ['src/record/keyring.ts', 'src/errors.ts', 'src/json.ts', 'sandbox/index.ts'],
    'src/errors.ts': [],
    'src/json.ts': [],
  };

  /** Anybody may import these: they import nothing of ours. */
  const plain = [
    'src/did-you-mean.ts',
    'src/shorten.ts',
    'src/work/thread-bytes.ts',
    'src/work/time-slice.ts',
    'src/work/semaphore.ts',
  ];

  test('what anybody may import imports nothing of ours', () => {
    expect(files).toEqual(expect.arrayContaining(plain));
    expect(imports.filter(({ from, to }) => plain.includes(from) && /^(?:src|sandbox)\//.test(to))).toEqual([]);
  });

  test('what is bundled is imported by nobody', () => {
    for (const { from, to } of imports) expect(isBundled(to), `${from} imports ${to}`).toBe(false);
  });

  test('the SDK takes types alone: nothing of the runtime goes into a bundle', () => {
    const outside = imports.filter(({ from, to }) => from.startsWith('src/sdk/') && !to.startsWith('src/sdk/'));
    expect(outside.length).toBeGreaterThan(0);
    for (const { from, to, isTypeOnly } of outside) expect(isTypeOnly, `${from} imports ${to}`).toBe(true);
  });

  test('the dashboard imports itself and libraries, and nothing else; its imports resolve', () => {
    const its = allImports.filter(({ from }) => isDashboard(from));
    expect(its.length).toBeGreaterThan(100);
    for (const { from, to } of its.filter(({ to }) => /^(?:\.|src\/|sandbox\/)/.test(to))) {
      expect(isDashboard(to) && existsSync(join(root, to)), `${from} imports ${to}`).toBe(true);
    }
  });

  test('src: main → cli → author, runtime → api → integration → connector, broker → store', () => {
    for (const { from, to } of imports) {
      const [here, there] = [roomOf(from), roomOf(to)];
      if (!from.startsWith('src/') || !/^(?:src|sandbox)\//.test(to) || here === there) continue;
      const may = allowed[here] ?? [];
      const isPlain = plain.includes(to);
      const isAllowed =
        isPlain || may.includes(there) || may.includes(to) || (may.includes('src/*') && to.startsWith('src/'));
      expect(isAllowed, `${from} imports ${to}`).toBe(true);
    }
  });

  test('sandbox imports nothing from src, and src enters it by its door', () => {
    for (const { from, to } of imports) {
      if (from.startsWith('sandbox/')) expect(to.startsWith('src/'), `${from} imports ${to}`).toBe(false);
      else if (to.startsWith('sandbox/')) expect(to, from).toBe('sandbox/index.ts');
    }
  });

  test('the rooms of the sandbox meet in what crosses the walls alone', () => {
    const names = [
      'by-id',
      'capabilities',
      'confine',
      'engine-functions',
      'fair-quota',
      'fair-semaphore',
      'frame',
      'nesting',
    ];
    const shared = [...names, 'port-stream', 'protocol', 'sections'].map((name) => `sandbox/${name}.ts`);
    for (const { from, to } of imports) {
      if (!from.startsWith('sandbox/') || !to.startsWith('sandbox/') || roomOf(from) === roomOf(to)) continue;
      const isDoor = from === 'sandbox/index.ts';
      const isGuestText = roomOf(from) === 'sandbox/thread' && /^sandbox\/guest\/harness(?:-interface)?\.ts$/.test(to);
      expect(shared.includes(to) || isDoor || isGuestText, `${from} imports ${to}`).toBe(true);
    }
  });

  test("a compartment's side takes types alone from the protocol: no validator is loaded in it", () => {
    for (const { from, to, isTypeOnly } of imports) {
      if (/^sandbox\/(?:process|thread|guest)\//.test(from) && to === 'sandbox/protocol.ts') {
        expect(isTypeOnly, from).toBe(true);
      }
    }
  });

  test('there is no cycle, not even of types', () => {
    const next = new Map(sources.map((file): [string, string[]] => [file, []]));
    for (const { from, to } of allImports) if (next.has(to)) next.get(from)?.push(to);
    expect(next.get('src/dashboard/main.tsx')).not.toEqual([]);
    const done = new Set<string>();
    const visit = (file: string, path: string[]): void => {
      expect(path, [...path, file].join(' → ')).not.toContain(file);
      if (done.has(file)) return;
      for (const to of next.get(file) ?? []) visit(to, [...path, file]);
      done.add(file);
    };
    for (const file of sources) visit(file, []);
  });
});

describe('one importer', () => {
  test.each([
    ['isolated-vm', ['sandbox/thread/guest-isolate.ts']],
    ['piscina', ['sandbox/process/pool.ts', 'src/work/pool.ts', 'src/work/worker.ts']],
    ['chokidar', ['src/connector/watch.ts']],
    ['pg-boss', ['src/store/postgres/queue-library.ts']],
    ['light-my-request', ['src/broker/platform-api.ts']],
    ['ipaddr.js', ['src/broker/address-guard.ts']],
    [
      'undici',
      [
        'src/broker/exchange.ts',
        'src/broker/guarded-agent.ts',
        'src/broker/guarded-connect.ts',
        'src/broker/outbound.ts',
      ],
    ],
    ['tar', ['src/connector/tarball.ts']],
    ['raw-body', ['src/api/body.ts']],
    [
      'prom-client',
      ['duration-histogram', 'exposition', 'labeled-counter', 'metrics', 'process-metrics', 'series'].map(
        (name) => `src/metrics/${name}.ts`,
      ),
    ],
    ['commander', ['src/cli/program.ts']],
    [
      'esbuild',
      [
        'bundle-sizes',
        'bundler',
        'guest-imports',
        'inlined-files',
        'node-modules',
        'read-source',
        'static-requires',
        'xml-http-requests',
      ].map((name) => `src/author/${name}.ts`),
    ],
    ['acorn', ['src/author/syntax.ts']],
    ['acorn-walk', ['src/author/syntax.ts']],
    ['jsonc-parser', ['src/author/project.ts']],
    ['fastest-levenshtein', ['src/did-you-mean.ts']],
    ['semver', ['src/connector/version.ts']],
  ])('%s', (library, importers) => {
    expect(importersOf(library)).toEqual(importers);
  });

  test('TypeBox is one file: of the library as it is installed nothing but types is taken', () => {
    const values = imports.filter(({ to, isTypeOnly }) => /^typebox(?:\/|$)/.test(to) && !isTypeOnly);
    expect(values).toEqual([]);
    expect(importersOf('#typebox').length).toBeGreaterThan(10);
  });

  test('lowdb is known to the store alone, PostgreSQL to its folder there, koa to the API', () => {
    for (const library of ['pg', 'kysely']) {
      for (const from of importersOf(library)) expect(dirname(from)).toBe('src/store/postgres');
    }
    for (const from of importersOf('oauth4webapi')) expect(roomOf(from)).toBe('src/oauth');
    for (const from of importersOf('lowdb')) expect(roomOf(from)).toBe('src/store');
    for (const from of [...importersOf('koa'), ...importersOf('@koa/router')]) expect(roomOf(from)).toBe('src/api');
  });

  test('process.env and process.exit belong to the process door', () => {
    for (const file of files) {
      if (file === 'src/main.ts') continue;
      const text = readFileSync(join(root, file), 'utf8').replace(/\/\*.*?\*\/|\/\/[^\n]*|'[^'\n]*'/gs, '');
      expect(/process\.(?:env|exit\b|stdout)|console\./.test(text), file).toBe(false);
    }
  });
});

test('no module of src keeps state', () => {
  // What is declared as readonly is made once and only read.
  const state =
    /^(?:export )?(?:(?:let|var)\s.*|const \w+(?:: (?:Weak)?(?:Map|Set)<[^=]*)? = new (?:Weak)?(?:Map|Set)\b.*|const \w+(?:: (?!readonly|Readonly)[^=]*)? = (?:\[\]|\{\});?)$/gm;
  for (const file of sources.filter((file) => file.startsWith('src/'))) {
    expect(readFileSync(join(root, file), 'utf8').match(state) ?? [], file).toEqual([]);
  }
});

test('every slow test that is listed is there', () => {
  const listed = Object.values(slow).flat();
  expect(listed.filter((pattern) => globSync(pattern, { cwd: root }).length === 0)).toEqual([]);
});

test('the top level holds the given names and what stands beside them', () => {
  const given = ['package.json', 'tsconfig.json', 'src', 'connectors', 'sandbox', 'data', 'test'];
  const beside = [
    'package-lock.json',
    'tsconfig.build.json',
    'vitest.config.ts',
    'biome.json',
    // What `npm start` needs on Windows.
    'exec.cmd',
    'docs',
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'CHANGELOG.md',
    'docs',
    'LICENSE',
    'node_modules',
    'dist',
  ];
  const names = readdirSync(root).filter((name) => !name.startsWith('.'));
  expect(names.filter((name) => !given.includes(name) && !beside.includes(name))).toEqual([]);
  expect(given.filter((name) => !names.includes(name))).toEqual([]);
});
