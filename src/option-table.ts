/** Every option: name, flag, environment variable, schema, default and help (contract 2). */
import Type from '#typebox';
import { invalidEntries } from './broker/address-guard.ts';
import { Milliseconds, type OptionRow, sandboxOptions } from './sandbox-options.ts';

export const isBaseUrl = (text: string): boolean =>
  URL.canParse(text) && /^https?:\/\/[^/?#@\s]+(?:\/[^?#\s]*)?$/.test(text);

export const isDatabaseUrl = (text: string): boolean =>
  /^postgres(?:ql)?:\/\/[^/]*\/[^/?#]+/.test(text) && URL.canParse(text);

/** The entries of a comma-separated list. */
export const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);

const isOrigin = (text: string): boolean => /^https?:[^*]+$/.test(text) && URL.parse(text)?.origin === text;

const SECRET_KEY_CHARS = 16;
const Folder = Type.String({ minLength: 1 });

const serverOptions = {
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
  publicUrl: {
    flag: 'public-url',
    environment: 'BULKHEAD_PUBLIC_URL',
    schema: Type.Optional(
      Type.Refine(Type.String(), isBaseUrl, () => 'must be an http or https address without query'),
    ),
    help: 'base of links and of Location; by default made from host and port',
  },
  data: {
    flag: 'data',
    environment: 'BULKHEAD_DATA',
    schema: Folder,
    fallback: './data',
    help: 'folder for all stored data',
  },
  store: {
    flag: 'store',
    environment: 'BULKHEAD_STORE',
    schema: Type.Optional(
      Type.Refine(
        Type.String({ maxLength: 10_000 }),
        isDatabaseUrl,
        () => 'must be postgres://user:password@host/name',
      ),
    ),
    help: 'PostgreSQL database to use instead of the data folder; several nodes may share it',
  },
  node: {
    flag: 'node',
    environment: 'BULKHEAD_NODE',
    schema: Type.Optional(Type.String({ pattern: '^[\\w.:-]{1,100}$' })),
    help: 'name of this node in logs, runs and metrics; by default the host name and a random part',
  },
  connectors: {
    flag: 'connectors',
    environment: 'BULKHEAD_CONNECTORS',
    schema: Folder,
    fallback: './connectors',
    help: 'folder with the connectors',
  },
  jobs: {
    flag: 'jobs',
    environment: 'BULKHEAD_JOBS',
    schema: Type.Integer({ minimum: 1, maximum: 1_000 }),
    fallback: 16,
    help: 'jobs of flows that run at the same time; one connector gets at most half of what others leave',
  },
  keepAliveMs: {
    flag: 'keep-alive-ms',
    environment: 'BULKHEAD_KEEP_ALIVE_MS',
    schema: Milliseconds,
    fallback: 75_000,
    help: 'how long an idle connection stays open, in milliseconds; set it longer than in a load balancer in front',
  },
  corsOrigins: {
    flag: 'cors-origins',
    environment: 'BULKHEAD_CORS_ORIGINS',
    schema: Type.Optional(
      Type.Refine(
        Type.String({ maxLength: 100_000 }),
        (list) => listOf(list).every(isOrigin),
        (list) =>
          `must list origins such as https://app.example.com: ${JSON.stringify(listOf(list).find((entry) => !isOrigin(entry)))} is not one`,
      ),
    ),
    help: 'comma-separated origins whose pages may use the API from a browser; none by default',
  },
  log: {
    flag: 'log',
    environment: 'BULKHEAD_LOG',
    schema: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    fallback: 'info',
    help: 'log level; the log goes to stderr as JSON lines',
  },
  token: {
    flag: 'token',
    environment: 'BULKHEAD_TOKEN',
    schema: Type.Optional(Type.String({ pattern: '^[^\\s]+$', maxLength: 1_000 })),
    help: "the administrator's token; by default made at the first start",
  },
  secretKey: {
    flag: 'secret-key',
    environment: 'BULKHEAD_SECRET_KEY',
    schema: Type.Optional(
      Type.Refine(
        Type.String({ maxLength: 10_000 }),
        (text) => text.split(',').every((key) => key.trim().length >= SECRET_KEY_CHARS),
        () => `must have at least ${SECRET_KEY_CHARS} characters; separate several keys by commas, the new one first`,
      ),
    ),
    help: 'key that encrypts credentials at rest; by default made in the data folder',
  },
  allowPrivateNetwork: {
    flag: 'allow-private-network',
    environment: 'BULKHEAD_ALLOW_PRIVATE_NETWORK',
    schema: Type.Optional(
      Type.Refine(
        Type.String({ maxLength: 100_000 }),
        (list) => invalidEntries(list).length === 0,
        (list) =>
          `must list host names, addresses or CIDR ranges: ${JSON.stringify(invalidEntries(list)[0])} is not one`,
      ),
    ),
    help: 'comma-separated host names, addresses and CIDR ranges in closed networks that connectors may reach',
  },
  rateLimitPerSecond: {
    flag: 'rate-limit-per-second',
    environment: 'BULKHEAD_RATE_LIMIT_PER_SECOND',
    schema: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    fallback: 100_000,
    help: 'requests per client address per second before 429; 0 for no limit',
  },
  badTokensPerMinute: {
    flag: 'bad-tokens-per-minute',
    environment: 'BULKHEAD_BAD_TOKENS_PER_MINUTE',
    schema: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    fallback: 600,
    help: 'failed authentications per client address per minute before 429; 0 for no limit',
  },
} as const satisfies Record<string, OptionRow>;

/** In the order of `--help`. */
export const optionTable = { ...serverOptions, ...sandboxOptions };
