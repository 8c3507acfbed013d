/** The body of `POST /function`, with the error codes and messages of the platform's stack protocol (contract 17). */
import { nestsDeeper } from '../../sandbox/index.ts';
import { RequestError, requestError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { objectOf, parseJson, textOf, userBodyLimits } from '../parse-body.ts';
import { type Account, tasksOf, type Work } from '../work/work.ts';
import type { ArgumentLimits } from './argument.ts';

export interface StackRequest {
  /** Undefined: the bundle for an account's own hooks (`diy`). */
  readonly connectorId: string | undefined;
  /** As sent by the caller. */
  readonly type: string;
  /** Empty if the function is not in a section. */
  readonly section: string;
  readonly name: string;
  /** JSON. */
  readonly options: Uint8Array;
  /** The caller's integration. Runs of different ones never share module state. */
  readonly integration: string;
  /** Characters of the answer. */
  readonly maxResponseSize: number;
}

/** The platform's names of our sections. */
const SECTIONS: Readonly<Record<string, string>> = {
  hook: 'hooks',
  wrapper: 'wrappers',
  setting: 'settings',
  utility: 'utilities',
};
const MAX_RESPONSE_CHARS = 5 * 1024 * 1024;
const INTEGRATION_CHARS = 200;

const missing = (message: string) => ({ code: 'missing_required_field', message });
const invalid = (message: string) => ({ code: 'invalid_field', message });

/** Clients of the protocol compare these. */
export const stackErrors = {
  noModule: missing('Need to set either the diy or _connectorId field in extension options.'),
  noDiy: missing('DIY is not configured in the extension configuration.'),
  noFunction: missing('Missing required field function in the extension options.'),
  noOptions: missing("Function options haven't been provided."),
  noConnector: invalid('No connector of this stack has this _connectorId.'),
  functionNoText: invalid('The function must be a string.'),
  notPlain: { code: 'invalid_extension_response', message: 'Extension response is not serializable.' },
  noSection: (type: string) => ({
    code: 'object_not_found',
    message: `The object ${type} doesn't exist in the module.`,
  }),
  noSuchFunction: {
    code: 'invalid_function',
    message: "The function passed in the extension options doesn't map to a function.",
  },
  responseTooLarge: (chars: number) => ({
    code: 'response_size_exceeded',
    message: `response stream exceeded limit of ${chars} bytes.`,
  }),
} as const;

export const stackError = (...errors: { readonly code: string; readonly message: string }[]): RequestError =>
  new RequestError(422, errors);

interface ReadInput {
  readonly moved: Uint8Array;
  readonly depth: number;
}

/** @throws RequestError with everything that is wrong */
function read({ moved, depth }: ReadInput): StackRequest {
  const text = textOf(moved);
  if (nestsDeeper(text, depth + 1)) {
    throw requestError('invalid_field', { field: 'options', message: `options nests deeper than ${depth} levels.` });
  }
  const body = objectOf(parseJson(text, userBodyLimits));
  const { diy, _connectorId, type, function: name, options, maxResponseSize } = body;
  const isDiy = Boolean(diy);
  const typeName = typeof type === 'string' ? type : '';
  const errors = [
    ...(isDiy || _connectorId ? [] : [stackErrors.noModule]),
    ...(name ? (typeof name === 'string' ? [] : [stackErrors.functionNoText]) : [stackErrors.noFunction]),
    ...(isJsonObject(options) ? [] : [stackErrors.noOptions]),
  ];
  if (errors.length > 0) throw stackError(...errors);
  return {
    connectorId: isDiy ? undefined : String(_connectorId),
    type: typeName,
    section: SECTIONS[typeName] ?? typeName,
    name: name as string,
    options: Buffer.from(JSON.stringify(options)),
    integration: String((options as JsonObject)._integrationId ?? '').slice(0, INTEGRATION_CHARS),
    maxResponseSize: typeof maxResponseSize === 'number' && maxResponseSize > 0 ? maxResponseSize : MAX_RESPONSE_CHARS,
  };
}

export const tasks = tasksOf(import.meta.url, { read });

/** @throws RequestError */
export async function stackRequestOf(
  work: Work,
  account: Account,
  body: Buffer,
  { bytes, depth }: ArgumentLimits,
): Promise<StackRequest> {
  if (body.length > bytes) throw requestError('request_too_large');
  return work.run(tasks, 'read', { moved: body, depth }, body.length, account);
}
