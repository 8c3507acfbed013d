/** Builds the argument of a function call: the caller's body, up to 50 MiB, plus the runtime's keys (contract 5). */
import { nestsDeeper } from '../../sandbox/index.ts';
import { requestError } from '../errors.ts';
import { objectOf, parseJson, textOf, userBodyLimits } from '../parse-body.ts';
import { type Account, tasksOf, type Work } from '../work/work.ts';

/** Limits of the caller's body. */
export interface ArgumentLimits {
  readonly bytes: number;
  readonly depth: number;
}

interface CheckInput {
  /** Transferred to the pool thread if large, and back again. */
  readonly moved: Uint8Array;
  readonly depth: number;
}

function check({ moved, depth }: CheckInput): { readonly text: Uint8Array } {
  const text = textOf(moved);
  if (nestsDeeper(text, depth)) {
    throw requestError('invalid_field', { field: '', message: `The argument nests deeper than ${depth} levels.` });
  }
  objectOf(parseJson(text, userBodyLimits));
  return { text: moved };
}

export const tasks = tasksOf(import.meta.url, { check });

/** Checks the caller's body. Use the returned buffer: the original may have moved to another thread. @throws RequestError */
export async function checkedArgument(
  work: Work,
  account: Account,
  body: Buffer,
  { bytes, depth }: ArgumentLimits,
): Promise<Buffer> {
  if (body.length > bytes) {
    throw requestError('request_too_large', { message: `The argument is larger than ${bytes} bytes.` });
  }
  return (await work.run(tasks, 'check', { moved: body, depth }, body.length, account)).text as Buffer;
}

/** A longer body is passed on as the bytes that it is: making a text of it costs more than another piece. */
const TEXT_BYTES = 32 * 1024;
const CLOSING_BRACE = 0x7d;
const OPENING_BRACE = 0x7b;
const SPACE = 0x20;
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/**
 * The whole argument as JSON. Of two equal keys a parser takes the last, so the runtime's win.
 *
 * @param runtimeKeys JSON of an object without its braces
 */
export function argumentOf(body: Buffer, runtimeKeys: string): string | readonly Buffer[] {
  if (body.length <= TEXT_BYTES) {
    const text = textOf(body);
    const start = text.slice(0, text.lastIndexOf('}'));
    return `${start}${start.trimEnd().endsWith('{') ? '' : ','}${runtimeKeys}}`;
  }
  const from = body.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  const end = body.lastIndexOf(CLOSING_BRACE);
  let last = end - 1;
  // Skip white space, the only characters up to a space that JSON allows here.
  while ((body[last] as number) <= SPACE) last--;
  return [body.subarray(from, end), Buffer.from(`${body[last] === OPENING_BRACE ? '' : ','}${runtimeKeys}}`)];
}
