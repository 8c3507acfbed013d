/** The argument of a function call: the caller's part, which may be 50 MiB, and ours (contract 5). */
import { nestsDeeper } from '../../sandbox/index.ts';
import { requestError } from '../errors.ts';
import { LARGE_BYTES } from '../json.ts';
import { objectOf, parseBody, textOf, userBodyLimits } from '../parse-body.ts';
import { type Account, tasksOf, type Work } from '../work/work.ts';

/** Of the caller's part. */
export interface ArgumentLimits {
  readonly bytes: number;
  readonly depth: number;
}

interface CheckInput {
  /** Changes hands where it goes to another thread, and comes back. */
  readonly moved: Uint8Array;
  readonly depth: number;
}

function check({ moved, depth }: CheckInput): { readonly text: Uint8Array } {
  if (nestsDeeper(textOf(moved), depth)) {
    throw requestError('invalid_field', { field: '', message: `The argument nests deeper than ${depth} levels.` });
  }
  objectOf(parseBody(moved, userBodyLimits));
  return { text: moved };
}

export const tasks = tasksOf(import.meta.url, { check });

/** The caller's part, if it may be one. It must not be used any more. @throws RequestError */
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

const CLOSING_BRACE = 0x7d;
const OPENING_BRACE = 0x7b;
const SPACE = 0x20;
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/**
 * The caller's part and ours, as JSON. Of two equal keys a parser takes the last, so ours win.
 *
 * @param runtimeKeys members of an object, as JSON without its braces
 */
export function argumentOf(body: Buffer, runtimeKeys: string): string | readonly Buffer[] {
  if (body.length <= LARGE_BYTES) {
    const text = textOf(body);
    const start = text.slice(0, text.lastIndexOf('}'));
    return `${start}${start.trimEnd().endsWith('{') ? '' : ','}${runtimeKeys}}`;
  }
  const from = body.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  const end = body.lastIndexOf(CLOSING_BRACE);
  let last = end - 1;
  // JSON's white space; nothing else in front of a brace is less than a space.
  while ((body[last] as number) <= SPACE) last--;
  return [body.subarray(from, end), Buffer.from(`${body[last] === OPENING_BRACE ? '' : ','}${runtimeKeys}}`)];
}
