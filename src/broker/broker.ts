/** What a running connector may ask for, made from its run's grant. Every request is checked here. */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Ask, LogLevel } from '../../sandbox/index.ts';
import { findings } from '../schema.ts';
import { methods, type PlatformApi } from './platform-api.ts';

export interface RunEvents {
  onLog(level: LogLevel, text: string): void;
  onProgress(fraction: number, message: string): void;
}

/** What a request is answered with when it is not granted. */
class Denied extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

const FetchRequest = Type.Object({
  url: Type.String({ maxLength: 8_000 }),
  method: Type.Enum([...methods]),
  headers: Type.Array(Type.Tuple([Type.String({ maxLength: 200 }), Type.String({ maxLength: 16_000 })]), {
    maxItems: 100,
  }),
  body: Type.Union([Type.String(), Type.Null()]),
});
const fetchRequest = Compile(FetchRequest);
const progressRequest = Compile(
  Type.Object({ fraction: Type.Number({ minimum: 0, maximum: 1 }), message: Type.String({ maxLength: 1_000 }) }),
);

/** Makes the capabilities of one run. */
export function createAsk(token: string, platformApi: PlatformApi, events: RunEvents): Ask {
  return {
    fetch: (request) =>
      answer(async () => {
        const wanted = parse(fetchRequest, request);
        const path = platformApi.pathOf(wanted.url);
        if (path === undefined) {
          throw new Denied(
            'permission_denied',
            `fetch to ${originOf(wanted.url)} is not permitted by permissions.fetch of the manifest`,
          );
        }
        return platformApi.request({ ...wanted, url: path }, token);
      }),
    progress: (request) =>
      answer(async () => {
        const { fraction, message } = parse(progressRequest, request);
        events.onProgress(fraction, message);
        return null;
      }),
    log: events.onLog,
  };
}

async function answer(work: () => Promise<unknown>): Promise<string> {
  try {
    return JSON.stringify({ value: await work() });
  } catch (error) {
    const { code, message } =
      error instanceof Denied ? error : { code: 'request_failed', message: 'The request could not be made.' };
    return JSON.stringify({ error: { code, message } });
  }
}

function parse<T>(validator: { Check(value: unknown): value is T }, text: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Denied('invalid_request', 'The request is not JSON.');
  }
  if (validator.Check(value)) return value;
  const [first] = findings(validator as Parameters<typeof findings>[0], value);
  throw new Denied('invalid_request', `The request is not valid: ${first?.message}`);
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'this address';
}
