/** The files of a new connector: those in `templates`, and a generated package.json and .gitignore. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const folderOfTemplates = fileURLToPath(new URL('./templates/', import.meta.url));

export const languages = ['typescript', 'javascript'] as const;
export type Language = (typeof languages)[number];

interface Template {
  /** For `--help`. */
  readonly summary: string;
  /** Folders with the connector's files, by language. The first language is the default. */
  readonly folders: { readonly [language in Language]?: readonly string[] };
  /** The folder with the `connector` section of package.json. */
  readonly manifest: string;
  readonly isCommonJs?: boolean;
  /** What to replace first. */
  readonly advice?: string;
}

const EXAMPLE_HOSTS = 'the hosts at example.com';

export const templateNames = ['blank', 'polling', 'webhook', 'oauth', 'legacy'] as const;
export type TemplateName = (typeof templateNames)[number];

export const templates: Readonly<Record<TemplateName, Template>> = {
  blank: {
    summary: 'a step and a function',
    folders: { typescript: ['typescript', 'blank-typescript'], javascript: ['blank-javascript'] },
    manifest: 'blank',
  },
  polling: {
    summary: 'a flow with a schedule',
    folders: { typescript: ['typescript', 'records', 'polling'] },
    manifest: 'polling',
    advice: `Replace ${EXAMPLE_HOSTS} in package.json and src/records.ts.`,
  },
  webhook: {
    summary: 'a flow that an application triggers',
    folders: { typescript: ['typescript', 'records', 'webhook'] },
    manifest: 'webhook',
    advice: `Replace ${EXAMPLE_HOSTS} in package.json and src/records.ts.`,
  },
  oauth: {
    summary: 'a connection that users sign in to',
    folders: { typescript: ['typescript', 'records', 'oauth'] },
    manifest: 'oauth',
    advice: `Replace ${EXAMPLE_HOSTS} in package.json and src/index.ts.`,
  },
  legacy: {
    summary: 'the older style, with callbacks',
    folders: { javascript: ['legacy'] },
    manifest: 'legacy',
    isCommonJs: true,
    advice: `Replace ${EXAMPLE_HOSTS} in package.json and index.js.`,
  },
};

/** The languages that a template is written in, the default first. */
export const languagesOf = (name: TemplateName): Language[] => Object.keys(templates[name].folders) as Language[];

/** A valid npm package name without a scope. */
export const isConnectorName = (name: string): boolean => /^[a-z0-9][a-z0-9._-]{0,199}$/.test(name);

/** Versions of a new project's dependencies, in npm's format. */
export interface Versions {
  readonly bulkhead: string;
  /** npm's name of the package whose install scripts must run: a checkout builds itself, a package needs isolated-vm. */
  readonly scripts: string;
  readonly esbuild: string;
  readonly typescript: string;
  readonly types: string;
}

export interface NewProject {
  readonly name: string;
  readonly template: TemplateName;
  /** One of `languagesOf`. */
  readonly language: Language;
  readonly versions: Versions;
}

/** @returns file contents by path */
export function scaffold({ name, template, language, versions }: NewProject): Readonly<Record<string, string>> {
  const { folders, manifest, isCommonJs = false } = templates[template];
  const isTypeScript = language === 'typescript';
  const connector = JSON.parse(readFileSync(join(folderOfTemplates, manifest, MANIFEST), 'utf8')) as object;
  return {
    'package.json': json({
      ...packageOf(name, isTypeScript, isCommonJs, versions),
      connector: { title: titleOf(name), ...connector },
    }),
    '.gitignore': isTypeScript ? 'node_modules/\ndist/\n.bulkhead/\n*.tgz\n' : 'node_modules/\n.bulkhead/\n*.tgz\n',
    ...Object.assign({}, ...(folders[language] ?? []).map(filesIn)),
  };
}

/** The `connector` section; not a file of the project. */
const MANIFEST = 'connector.json';

function filesIn(name: string): Record<string, string> {
  const folder = join(folderOfTemplates, name);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name !== MANIFEST,
  );
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(
    paths.map((path) => [relative(folder, path).replaceAll(sep, '/'), readFileSync(path, 'utf8')]),
  );
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function titleOf(name: string): string {
  const words = name.split(/[-._]+/).filter(Boolean);
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ') || name;
}

function packageOf(
  name: string,
  isTypeScript: boolean,
  isCommonJs: boolean,
  { bulkhead, scripts, esbuild, typescript, types }: Versions,
): object {
  return {
    name,
    version: '1.0.0',
    description: '',
    private: true,
    type: isCommonJs ? 'commonjs' : 'module',
    ...(isTypeScript ? { source: 'src/index.ts', main: 'dist/index.js' } : { main: 'index.js' }),
    scripts: {
      dev: 'bulkhead dev .',
      test: 'bulkhead test .',
      validate: 'bulkhead validate .',
      ...(isTypeScript ? { build: 'bulkhead build .' } : {}),
      pack: 'bulkhead pack .',
      // `npm pack` packs the files on disk, so build them first.
      ...(isTypeScript ? { prepack: 'bulkhead build .' } : {}),
      types: isTypeScript ? 'tsc && tsc -p test' : 'tsc',
    },
    devDependencies: { '@types/node': types, bulkhead, esbuild, typescript },
    allowScripts: { [scripts]: true, esbuild: false },
  };
}
