/** Every option once: name, flag, environment variable, default, schema (contract 2). */
import Type, { type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { findings } from './schema.ts';

const isBaseUrl = (text: string): boolean => URL.canParse(text) && /^https?:\/\/[^/?#@\s]+(?:\/[^?#\s]*)?$/.test(text);

interface OptionRow {
  readonly flag: string;
  readonly environment: string;
  readonly schema: TSchema;
  readonly fallback?: string | number;
  readonly help: string;
}

const Milliseconds = Type.Integer({ minimum: 1, maximum: 24 * 3_600_000 });
const Folder = Type.String({ minLength: 1 });

export const optionTable = {
  host: {
    flag: 'host',
    environment: 'BULKHEAD_HOST',
    schema: Type.String({ minLength: 1 }),
    fallback: '127.0.0.1',
    help: 'address to listen on',
  },
  port: {
    flag: 'port',
    environment: 'BULKHEAD_PORT',
    schema: Type.Integer({ minimum: 0, maximum: 65_535 }),
    fallback: 3000,
    help: 'port to listen on; 0 for any free one',
  },
  data: {
    flag: 'data',
    environment: 'BULKHEAD_DATA',
    schema: Folder,
    fallback: './data',
    help: "the store's folder",
  },
  connectors: {
    flag: 'connectors',
    environment: 'BULKHEAD_CONNECTORS',
    schema: Folder,
    fallback: './connectors',
    help: "the bundles' folder",
  },
  token: {
    flag: 'token',
    environment: 'BULKHEAD_TOKEN',
    schema: Type.Optional(Type.String({ pattern: '^[^\\s]+$', maxLength: 1_000 })),
    help: "the administrator's token; without it one is made at first start",
  },
  publicUrl: {
    flag: 'public-url',
    environment: 'BULKHEAD_PUBLIC_URL',
    schema: Type.Optional(
      Type.Refine(Type.String(), isBaseUrl, () => 'must be an http or https address without query'),
    ),
    help: 'base of links and of Location; without it made from host and port',
  },
  runTimeoutMs: {
    flag: 'run-timeout-ms',
    environment: 'BULKHEAD_RUN_TIMEOUT_MS',
    schema: Milliseconds,
    fallback: 300_000,
    help: 'wall time of one run, in milliseconds; a manifest may ask for less',
  },
  runCpuMs: {
    flag: 'run-cpu-ms',
    environment: 'BULKHEAD_RUN_CPU_MS',
    schema: Milliseconds,
    fallback: 10_000,
    help: 'CPU time of one run, in milliseconds; a manifest may ask for less',
  },
  runMemoryMb: {
    flag: 'run-memory-mb',
    environment: 'BULKHEAD_RUN_MEMORY_MB',
    schema: Type.Integer({ minimum: 8, maximum: 4_096 }),
    fallback: 64,
    help: 'heap of one run, in MiB; a manifest may ask for less',
  },
  log: {
    flag: 'log',
    environment: 'BULKHEAD_LOG',
    schema: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    fallback: 'info',
    help: 'level of the log, which goes to stderr as JSON lines',
  },
} as const satisfies Record<string, OptionRow>;

type Table = typeof optionTable;
type OptionName = keyof Table;
type Optionals = { [Name in OptionName]: Table[Name] extends { fallback: unknown } ? never : Name }[OptionName];

/** All options, with their defaults. */
export type Options = {
  readonly [Name in Exclude<OptionName, Optionals>]: Static<Table[Name]['schema']>;
} & { readonly [Name in Optionals]?: Static<Table[Name]['schema']> };

const rows: [OptionName, OptionRow][] = Object.entries(optionTable) as [OptionName, OptionRow][];
const validators = new Map(rows.map(([name, { schema }]) => [name, Compile(Type.Object({ [name]: schema }))] as const));

/** A value that does not fit its option. The message is a sentence for the person who set it. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

function checked(name: OptionName, value: unknown, source: string): unknown {
  const validator = validators.get(name);
  const [finding] = validator ? findings(validator, { [name]: value }) : [];
  if (!finding) return value;
  const shown = name === 'token' ? '' : ` (${JSON.stringify(value)})`;
  throw new OptionError(`${source}${shown} is not valid: ${finding.message.replace(`${name} `, 'it ')}.`);
}

/** Fills in the defaults and checks what was given. @throws OptionError */
export function completeOptions(given: Partial<Options>): Options {
  const complete = rows.map(([name, { fallback }]) => {
    const value = given[name] ?? fallback;
    return [name, value === undefined ? undefined : checked(name, value, `the option ${name}`)] as const;
  });
  return Object.freeze(Object.fromEntries(complete.filter(([, value]) => value !== undefined))) as Options;
}

/** Only an option whose default is a number takes one. */
function parsed({ fallback }: OptionRow, text: string | boolean): unknown {
  return typeof fallback === 'number' && /^-?\d+$/.test(String(text)) ? Number(text) : text;
}

/** Options from flags, then from the environment; both are text. @throws OptionError */
export function readOptions(
  flags: Readonly<Record<string, string | boolean | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
): Partial<Options> {
  const given: Partial<Record<OptionName, unknown>> = {};
  for (const [name, row] of rows) {
    const flag = flags[row.flag];
    const text = flag ?? environment[row.environment];
    if (text === undefined || text === '') continue;
    const source = flag === undefined ? row.environment : `--${row.flag}`;
    given[name] = checked(name, parsed(row, text), source);
  }
  return given as Partial<Options>;
}

/** The flags, in the form that `util.parseArgs` takes. */
export const flagTable = Object.fromEntries(rows.map(([, { flag }]) => [flag, { type: 'string' as const }]));

/** The table as text, for `--help`. */
export function helpText(): string {
  const lines = rows.map(([, { flag, environment, fallback, help }]) => {
    const byDefault = fallback === undefined ? '' : ` (${fallback})`;
    return `  --${flag.padEnd(16)} ${environment.padEnd(25)} ${help}${byDefault}`;
  });
  return [
    'Usage: bulkhead [options]',
    '',
    'Serves connectors. Options come from flags, then from the environment, then from defaults:',
    '',
    ...lines,
    `  --${'help'.padEnd(16)} ${''.padEnd(25)} prints this`,
    '',
  ].join('\n');
}
