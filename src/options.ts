/** Every option once: name, flag, environment variable, default, schema (contract 2). */
import Type, { Compile, type Static, type TSchema, type Validator } from '#typebox';
import { defaultLimits, defaultSandboxOptions } from '../sandbox/index.ts';
import { invalidEntries } from './broker/address-guard.ts';
import { outboundLimits } from './broker/outbound-limits.ts';
import { findings } from './schema.ts';

const isBaseUrl = (text: string): boolean => URL.canParse(text) && /^https?:\/\/[^/?#@\s]+(?:\/[^?#\s]*)?$/.test(text);

/** The entries of a comma list. */
export const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);

const isOrigin = (text: string): boolean => /^https?:[^*]+$/.test(text) && URL.parse(text)?.origin === text;

interface OptionRow {
  readonly flag: string;
  readonly environment: string;
  readonly schema: TSchema;
  readonly fallback?: string | number;
  readonly help: string;
}

const Milliseconds = Type.Integer({ minimum: 1, maximum: 24 * 3_600_000 });
const Count = Type.Integer({ minimum: 1, maximum: 1_000_000 });
const Bytes = Type.Integer({ minimum: 1, maximum: 256 * 1024 * 1024 });
const SECRET_KEY_CHARS = 16;
const Levels = Type.Integer({ minimum: 1, maximum: 1_000 });
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
  secretKey: {
    flag: 'secret-key',
    environment: 'BULKHEAD_SECRET_KEY',
    schema: Type.Optional(
      Type.Refine(
        Type.String({ maxLength: 10_000 }),
        (text) => text.split(',').every((key) => key.trim().length >= SECRET_KEY_CHARS),
        () => `must be at least ${SECRET_KEY_CHARS} characters; several keys, the new one first, with commas between`,
      ),
    ),
    help: 'key that encrypts credentials at rest; without it one is made in the data folder',
  },
  publicUrl: {
    flag: 'public-url',
    environment: 'BULKHEAD_PUBLIC_URL',
    schema: Type.Optional(
      Type.Refine(Type.String(), isBaseUrl, () => 'must be an http or https address without query'),
    ),
    help: 'base of links and of Location; without it made from host and port',
  },
  corsOrigins: {
    flag: 'cors-origins',
    environment: 'BULKHEAD_CORS_ORIGINS',
    schema: Type.Optional(
      Type.Refine(
        Type.String({ maxLength: 100_000 }),
        (list) => listOf(list).every(isOrigin),
        (list) =>
          `must list origins such as https://app.example.com: ${JSON.stringify(listOf(list).find((entry) => !isOrigin(entry)))} is none`,
      ),
    ),
    help: 'comma list of origins whose pages may use the API from a browser; none without it',
  },
  keepAliveMs: {
    flag: 'keep-alive-ms',
    environment: 'BULKHEAD_KEEP_ALIVE_MS',
    schema: Milliseconds,
    fallback: 75_000,
    help: 'how long an idle connection is kept, in milliseconds; longer than a balancer in front keeps it',
  },
  allowPrivateNetwork: {
    flag: 'allow-private-network',
    environment: 'BULKHEAD_ALLOW_PRIVATE_NETWORK',
    schema: Type.Optional(
      Type.Refine(
        Type.String({ maxLength: 100_000 }),
        (list) => invalidEntries(list).length === 0,
        (list) => `must list host names, addresses or CIDR ranges: ${JSON.stringify(invalidEntries(list)[0])} is none`,
      ),
    ),
    help: 'comma list of host names, addresses and CIDR ranges on closed networks that connectors may reach',
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
  runArgumentBytes: {
    flag: 'run-argument-bytes',
    environment: 'BULKHEAD_RUN_ARGUMENT_BYTES',
    schema: Bytes,
    fallback: 50 * 1024 * 1024,
    help: "bytes of a function call's body",
  },
  runArgumentDepth: {
    flag: 'run-argument-depth',
    environment: 'BULKHEAD_RUN_ARGUMENT_DEPTH',
    schema: Levels,
    fallback: 200,
    help: "levels of a function call's body",
  },
  runResultBytes: {
    flag: 'run-result-bytes',
    environment: 'BULKHEAD_RUN_RESULT_BYTES',
    schema: Bytes,
    fallback: defaultLimits.resultBytes,
    help: 'bytes of an answer',
  },
  runResultDepth: {
    flag: 'run-result-depth',
    environment: 'BULKHEAD_RUN_RESULT_DEPTH',
    schema: Levels,
    fallback: defaultLimits.resultDepth,
    help: 'levels of an answer',
  },
  runResponseBytes: {
    flag: 'run-response-bytes',
    environment: 'BULKHEAD_RUN_RESPONSE_BYTES',
    schema: Bytes,
    fallback: outboundLimits.responseBytes,
    help: 'bytes of the body of a response to fetch, unpacked',
  },
  runErrorChars: {
    flag: 'run-error-chars',
    environment: 'BULKHEAD_RUN_ERROR_CHARS',
    schema: Type.Integer({ minimum: 10, maximum: 20_000 }),
    fallback: defaultLimits.errorChars,
    help: 'characters of an error; its code gets a tenth of it',
  },
  runLogLines: {
    flag: 'run-log-lines',
    environment: 'BULKHEAD_RUN_LOG_LINES',
    schema: Count,
    fallback: defaultLimits.logLines,
    help: 'lines that a run may log',
  },
  runLogBytes: {
    flag: 'run-log-bytes',
    environment: 'BULKHEAD_RUN_LOG_BYTES',
    schema: Bytes,
    fallback: defaultLimits.logBytes,
    help: 'bytes that a run may log',
  },
  runTimers: {
    flag: 'run-timers',
    environment: 'BULKHEAD_RUN_TIMERS',
    schema: Count,
    fallback: defaultLimits.timers,
    help: 'timers of a run at once',
  },
  runRequests: {
    flag: 'run-requests',
    environment: 'BULKHEAD_RUN_REQUESTS',
    schema: Count,
    fallback: defaultLimits.pendingAsks,
    help: 'open requests of a run at once',
  },
  isolation: {
    flag: 'isolation',
    environment: 'BULKHEAD_ISOLATION',
    schema: Type.Enum(['process', 'thread']),
    fallback: defaultSandboxOptions.isolation,
    help: 'process: connectors in jailed processes; thread: without that wall',
  },
  compartments: {
    flag: 'compartments',
    environment: 'BULKHEAD_COMPARTMENTS',
    schema: Type.Integer({ minimum: 1, maximum: 1_000 }),
    fallback: defaultSandboxOptions.compartments,
    help: 'connector processes at once',
  },
  compartmentMemoryMb: {
    flag: 'compartment-memory-mb',
    environment: 'BULKHEAD_COMPARTMENT_MEMORY_MB',
    schema: Type.Integer({ minimum: 256, maximum: 1_000_000 }),
    fallback: defaultSandboxOptions.residentMb,
    help: 'resident memory of a connector process, in MiB; half of the machine at most',
  },
  compartmentIdleMs: {
    flag: 'compartment-idle-ms',
    environment: 'BULKHEAD_COMPARTMENT_IDLE_MS',
    schema: Milliseconds,
    fallback: defaultSandboxOptions.idleMs,
    help: 'how long an unused connector process is kept, in milliseconds',
  },
  crashesPerMinute: {
    flag: 'crashes-per-minute',
    environment: 'BULKHEAD_CRASHES_PER_MINUTE',
    schema: Type.Integer({ minimum: 0, maximum: 10_000 }),
    fallback: defaultSandboxOptions.crashesPerMinute,
    help: 'how often a connector may bring its process down before it is held back',
  },
  warmIsolates: {
    flag: 'warm-isolates',
    environment: 'BULKHEAD_WARM_ISOLATES',
    schema: Type.Integer({ minimum: 0, maximum: 10_000 }),
    fallback: defaultSandboxOptions.warmIsolates,
    help: 'isolates kept for the next run, per thread',
  },
  warmMs: {
    flag: 'warm-ms',
    environment: 'BULKHEAD_WARM_MS',
    schema: Milliseconds,
    fallback: defaultSandboxOptions.warmMs,
    help: 'how long an unused isolate is kept, in milliseconds',
  },
  runs: {
    flag: 'runs',
    environment: 'BULKHEAD_RUNS',
    schema: Count,
    fallback: defaultSandboxOptions.runs,
    help: 'runs in flight, all connectors together',
  },
  runsPerConnector: {
    flag: 'runs-per-connector',
    environment: 'BULKHEAD_RUNS_PER_CONNECTOR',
    schema: Count,
    fallback: defaultSandboxOptions.runsPerConnector,
    help: 'runs in flight of one connector',
  },
  queuePerConnector: {
    flag: 'queue-per-connector',
    environment: 'BULKHEAD_QUEUE_PER_CONNECTOR',
    schema: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    fallback: defaultSandboxOptions.queuePerConnector,
    help: 'runs of one connector that wait for a turn',
  },
  rateLimitPerSecond: {
    flag: 'rate-limit-per-second',
    environment: 'BULKHEAD_RATE_LIMIT_PER_SECOND',
    schema: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    fallback: 100_000,
    help: 'requests of a client, by its address, in a second; 0 for any number',
  },
  badTokensPerMinute: {
    flag: 'bad-tokens-per-minute',
    environment: 'BULKHEAD_BAD_TOKENS_PER_MINUTE',
    schema: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    fallback: 600,
    help: 'tokens that are none, of a client in a minute, before it has to wait; 0 for any number',
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

/** A value that does not fit its option. The message is a sentence for the person who set it. */
export class OptionError extends Error {
  override readonly name = 'OptionError';
}

function checked(name: OptionName, value: unknown, source: string): unknown {
  const validator = validators.get(name);
  const [finding] = validator ? findings(validator, { [name]: value }) : [];
  if (!finding) return value;
  const shown = name === 'token' || name === 'secretKey' ? '' : ` (${JSON.stringify(value)})`;
  throw new OptionError(`${source}${shown} is not valid: ${finding.message.replace(`${name} `, 'it ')}.`);
}

/** Fills in the defaults and checks what was given. @throws OptionError */
export function completeOptions(given: Partial<Options>): Options {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(optionTable, name));
  if (unknown !== undefined) throw new OptionError(`There is no option ${JSON.stringify(unknown)}.`);
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

/**
 * Options from flags, then from the environment; both are text.
 *
 * @param names those that are read; what the others are set to does not matter
 * @throws OptionError
 */
export function readOptions(
  flags: Readonly<Record<string, string | boolean | undefined>>,
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly OptionName[] = optionNames,
): Partial<Options> {
  const given: Partial<Record<OptionName, unknown>> = {};
  for (const [name, row] of rows) {
    if (!names.includes(name)) continue;
    const flag = flags[row.flag];
    const text = flag ?? environment[row.environment];
    if (text === undefined || text === '') continue;
    const source = flag === undefined ? row.environment : `--${row.flag}`;
    given[name] = checked(name, parsed(row, text), source);
  }
  return given as Partial<Options>;
}

/** The server that a command asks (`--url`, `BULKHEAD_URL`). It is no option of a server. */
export const serverUrl = {
  flag: 'url',
  environment: 'BULKHEAD_URL',
  help: 'address of the server that is asked; without it made from public-url, or host and port',
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

/** The table as text, for `--help`. */
export function helpText(): string {
  const lines = rows.map(([, { flag, environment, fallback, help }]) => {
    const byDefault = fallback === undefined ? '' : ` (${fallback})`;
    return `  --${flag.padEnd(22)} ${environment.padEnd(31)} ${help}${byDefault}`;
  });
  return ['Options come from flags, then from the environment, then from defaults:', '', ...lines, ''].join('\n');
}
