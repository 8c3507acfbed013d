/** Reads options from flags and environment, checks them and fills in defaults. */
import Type, { Compile, type Static, type Validator } from '#typebox';
import { closestName, didYouMean } from './did-you-mean.ts';
import { isBaseUrl, optionTable } from './option-table.ts';
import type { OptionRow } from './sandbox-options.ts';
import { findings } from './schema.ts';

type Table = typeof optionTable;
export type OptionName = keyof Table;
type Optionals = { [Name in OptionName]: Table[Name] extends { fallback: unknown } ? never : Name }[OptionName];

/** All options, with their defaults. */
export type Options = {
  readonly [Name in Exclude<OptionName, Optionals>]: Static<Table[Name]['schema']>;
} & { readonly [Name in Optionals]?: Static<Table[Name]['schema']> };

const rows: [OptionName, OptionRow][] = Object.entries(optionTable) as [OptionName, OptionRow][];
export const optionNames: readonly OptionName[] = rows.map(([name]) => name);
const validators: ReadonlyMap<string, Validator> = new Map(
  rows.map(([name, { schema }]) => [name, Compile(Type.Object({ [name]: schema })) as Validator]),
);

/** Options whose values are in no message. */
const SECRETS: readonly OptionName[] = ['token', 'secretKey', 'store'];

/** The value of an option is not valid. The message is for the person who set it. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

function checked(name: OptionName, value: unknown, source: string): unknown {
  const validator = validators.get(name);
  const [finding] = validator ? findings(validator, { [name]: value }) : [];
  if (!finding) return value;
  const valueText = SECRETS.includes(name) ? '' : ` (${JSON.stringify(value)})`;
  throw new OptionError(`${source}${valueText} is not valid: ${finding.message.replace(`${name} `, 'it ')}.`);
}

/** Checks options and fills in defaults. @throws OptionError */
export function completeOptions(values: Partial<Options>): Options {
  const unknown = Object.keys(values).find((name) => !Object.hasOwn(optionTable, name));
  if (unknown !== undefined) {
    throw new OptionError(`There is no option ${JSON.stringify(unknown)}${didYouMean(unknown, optionNames) || '.'}`);
  }
  const complete = rows.map(([name, { fallback }]) => {
    const value = values[name] ?? fallback;
    return [name, value === undefined ? undefined : checked(name, value, `the option ${name}`)] as const;
  });
  return Object.freeze(Object.fromEntries(complete.filter(([, value]) => value !== undefined))) as Options;
}

/** Options with a numeric default take numbers. */
function parseText({ fallback }: OptionRow, text: string | boolean): unknown {
  return typeof fallback === 'number' && /^-?\d+$/.test(String(text)) ? Number(text) : text;
}

/**
 * Reads options from flags, then from the environment. Both are text.
 *
 * @param names options to read; the values of others are ignored
 * @throws OptionError
 */
export function readOptions(
  flags: Readonly<Record<string, string | boolean | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly OptionName[] = optionNames,
): Partial<Options> {
  const values: Partial<Record<OptionName, unknown>> = {};
  for (const [name, row] of rows) {
    if (!names.includes(name)) continue;
    const flag = flags[row.flag];
    const text = flag ?? environment[row.environment];
    if (text === undefined || text === '') continue;
    const source = flag === undefined ? row.environment : `--${row.flag}`;
    values[name] = checked(name, parseText(row, text), source);
  }
  return values as Partial<Options>;
}

const PREFIX = 'BULKHEAD_';

/**
 * Environment variables that are probably misspelt options, as sentences. Others that merely begin like options say
 * nothing: Kubernetes sets some for a service's name.
 */
export function misspeltVariables(environment: Readonly<Record<string, string | undefined>>): string[] {
  const known = [...rows.map(([, row]) => row.environment), serverUrl.environment].map((name) =>
    name.slice(PREFIX.length),
  );
  return Object.keys(environment).flatMap((name) => {
    if (!name.startsWith(PREFIX) || known.includes(name.slice(PREFIX.length))) return [];
    const meant = closestName(name.slice(PREFIX.length), known);
    return meant === undefined ? [] : [`${name} is not an option; did you mean ${PREFIX}${meant}?`];
  });
}

/** Address of the server that a command talks to. Not an option of a server. */
export const serverUrl = {
  flag: 'url',
  environment: 'BULKHEAD_URL',
  help: 'address of the server to talk to; by default made from public-url, or host and port',
} as const;

/** @throws OptionError */
export function readServerUrl(
  flags: Readonly<Record<string, string | boolean | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const flag = flags[serverUrl.flag];
  const text = flag ?? environment[serverUrl.environment];
  if (text === undefined || text === '') return undefined;
  if (typeof text === 'string' && isBaseUrl(text)) return text;
  const source = flag === undefined ? serverUrl.environment : `--${serverUrl.flag}`;
  throw new OptionError(`${source} (${JSON.stringify(text)}) is not valid: it must be an http or https address.`);
}

/** The option table as text, for `--help`. */
export function helpText(): string {
  const lines = rows.map(([, { flag, environment, fallback, help }]) => {
    const byDefault = fallback === undefined ? '' : ` (${fallback})`;
    return `  --${flag.padEnd(22)} ${environment.padEnd(31)} ${help}${byDefault}`;
  });
  return ['Options come from flags, then from the environment, then from defaults:', '', ...lines, ''].join('\n');
}
