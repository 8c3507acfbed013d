/** Compares `guest.d.ts` with a real compartment: each declares exactly what the other has. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { createSandbox } from '../../sandbox/index.ts';
import { temporaryFolder } from '../support/folders.ts';
import { typeErrors } from '../support/package.ts';
import { resultIn } from './sandboxed.ts';

const types = fileURLToPath(new URL('../../sandbox/guest/types/', import.meta.url));

interface Members {
  /** Members of its instances, or its own if it is not a class. */
  readonly own: readonly string[];
  readonly statics: readonly string[];
  readonly isClass: boolean;
}

/** Runs in the compartment. */
const LIST = `
  const chain = (value) => {
    const names = new Set();
    for (let at = value; at && at !== Object.prototype && at !== Error.prototype; at = Object.getPrototypeOf(at)) {
      for (const name of Object.getOwnPropertyNames(at)) names.add(name);
    }
    names.delete('constructor');
    return [...names];
  };
  const found = {};
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    const value = globalThis[name];
    const isClass = typeof value === 'function' && /^[A-Z]/.test(name);
    const own = isClass ? chain(value.prototype) : typeof value === 'object' ? chain(value) : [];
    const statics = isClass ? Object.getOwnPropertyNames(value).filter((key) => !['length', 'name'].includes(key)) : [];
    found[name] = { own, statics, isClass };
  }
  // The library has these on the instances.
  for (const make of [TextEncoder, TextDecoder, TextEncoderStream, TextDecoderStream]) {
    const made = new make();
    for (const key of ['encoding', 'fatal', 'ignoreBOM', 'readable', 'writable']) {
      if (key in made && !(key in make.prototype)) found[make.name].own.push(key);
    }
  }
  return found;`;

/** Present but left out of the types: legacy members, members for web pages, and the libraries' own. */
const undeclared: Readonly<Record<string, readonly string[]>> = {
  Event: [
    'srcElement',
    'cancelBubble',
    'returnValue',
    'initEvent',
    'NONE',
    'CAPTURING_PHASE',
    'AT_TARGET',
    'BUBBLING_PHASE',
  ],
  Request: ['destination', 'referrer', 'referrerPolicy', 'mode', 'credentials', 'cache', 'integrity', 'keepalive'],
  Response: ['textStream'],
};
const ofLibraries = ['isReloadNavigation', 'isHistoryNavigation', 'attribute', 'textStream', 'sham'];

/** Declarations of modules. */
const modules = ['bulkhead.d.ts', 'integrator-api.d.ts'];

test('guest.d.ts declares the globals of a compartment, name by name', { timeout: 120_000 }, async () => {
  const sandbox = createSandbox();
  const found = (await resultIn(sandbox, { body: LIST }).finally(() => sandbox.close())) as Record<string, Members>;
  const names = (await readdir(types)).filter((name) => name.endsWith('.d.ts') && !modules.includes(name));
  const files = names.map((name) => readFile(join(types, name), 'utf8'));
  const text = (await Promise.all(files)).join('\n');
  const declared = [...text.matchAll(/^declare (?:var|const|function) (\w+)/gm)].map(([, name = '']) => name);
  const ofLanguage: string[] = runInNewContext('Object.getOwnPropertyNames(globalThis)');
  const ofPlatform = Object.keys(found).filter((name) => !ofLanguage.includes(name));
  // A new context has V8's console. The compartment's console is the harness's.
  expect([...new Set(declared)].sort()).toEqual([...ofPlatform, 'console'].sort());
  expect(found).not.toHaveProperty('WebAssembly');

  const keysOf = (name: string, keys: readonly string[]): string => {
    const left = [...(undeclared[name] ?? []), ...ofLibraries];
    const shown = keys.filter((key) => !left.includes(key) && !key.startsWith('_') && !/^[A-Z_]+_ERR$/.test(key));
    return shown.map((key) => `'${key}'`).join(' | ') || 'never';
  };
  const objects = ['console', 'performance', 'crypto', 'navigator'];
  const checks = Object.entries(found).flatMap(([name, { own, statics, isClass }]) => {
    if (objects.includes(name)) return [`same<Keys<typeof ${name}>, ${keysOf(name, own)}>(true);`];
    if (!isClass || !ofPlatform.includes(name)) return [];
    const own2 = name === 'DOMException' ? [...own, 'stack', 'cause'] : own;
    return [
      `same<Keys<${name}>, ${keysOf(name, own2)}>(true);`,
      `same<Keys<typeof ${name}>, ${keysOf(name, statics)}>(true);`,
    ];
  });
  expect(checks.length).toBeGreaterThan(30);
  const source = [
    'type Keys<T> = Extract<keyof T, string>;',
    'type Difference<A, B> = Exclude<A, B> | Exclude<B, A>;',
    'declare function same<A, B>(isSame: [Difference<A, B>] extends [never] ? true : Difference<A, B>): void;',
    ...checks,
    // The compiler must also know the isolate's ECMAScript globals.
    ...ofLanguage.filter((name) => name in found && name !== 'undefined').map((name) => `void ${name};`),
    'export {};',
  ];
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'checks.ts'), source.join('\n'));
  const tsconfig = { extends: join(types, 'tsconfig.guest.json'), include: ['checks.ts'] };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  const errors = await typeErrors(folder);
  const annotated = errors.map((error) => `${source[Number(/\((\d+),/.exec(error)?.[1]) - 1]} ${error}`);
  expect(annotated).toEqual([]);
});
