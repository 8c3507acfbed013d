/** The files of a new connector: those in `templates`, and a package.json and .gitignore made to fit. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const templates = fileURLToPath(new URL('./templates/', import.meta.url));

export const languages = ['typescript', 'javascript'] as const;
export type Language = (typeof languages)[number];

/** A valid npm package name without a scope. */
export const isConnectorName = (name: string): boolean => /^[a-z0-9][a-z0-9._-]{0,199}$/.test(name);

interface Versions {
  /** This package's version. */
  readonly bulkhead: string;
  readonly esbuild: string;
  readonly typescript: string;
  readonly types: string;
}

/** @returns file contents by path */
export function scaffold(name: string, language: Language, versions: Versions): Readonly<Record<string, string>> {
  const isTypeScript = language === 'typescript';
  return {
    'package.json': json(packageOf(name, isTypeScript, versions)),
    '.gitignore': isTypeScript ? 'node_modules/\ndist/\n.bulkhead/\n*.tgz\n' : 'node_modules/\n.bulkhead/\n*.tgz\n',
    ...templatesOf(language),
  };
}

function templatesOf(language: Language): Record<string, string> {
  const folder = join(templates, language);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
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

function packageOf(name: string, isTypeScript: boolean, { bulkhead, esbuild, typescript, types }: Versions): object {
  return {
    name,
    version: '1.0.0',
    description: '',
    private: true,
    type: 'module',
    ...(isTypeScript ? { source: 'src/index.ts', main: 'dist/index.js' } : { main: 'index.js' }),
    scripts: {
      dev: 'bulkhead dev .',
      test: 'bulkhead test .',
      validate: 'bulkhead validate .',
      pack: 'bulkhead pack .',
      // `npm pack` packs the files on disk, so build them first.
      ...(isTypeScript ? { prepack: 'bulkhead build .' } : {}),
      types: isTypeScript ? 'tsc && tsc -p test' : 'tsc',
    },
    devDependencies: { '@types/node': types, bulkhead, esbuild, typescript },
    connector: {
      title: titleOf(name),
      install: [{ name: 'Check the city', description: 'Looks up the city.', installerFunction: 'checkCity' }],
      settings: {
        sections: [
          {
            title: 'Place',
            fields: [{ name: 'city', label: 'City', type: 'input', required: true, value: 'Oslo' }],
          },
        ],
      },
      permissions: { fetch: [] },
      limits: { timeoutMs: 30_000, memoryMb: 32 },
    },
  };
}
