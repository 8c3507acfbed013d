/** What a run was called with and what it answered, as its record has it: bounded, with credentials masked. */
import { type Json, LARGE_BYTES } from '../json.ts';
import { textOf } from '../parse-body.ts';
import type { UnitOfWork } from '../store/unit-of-work.ts';
import type { Work } from '../work/work.ts';
import { type Payloads, type PayloadTexts, tasks } from './payload-tasks.ts';

export interface PayloadOptions {
  /** Larger ones are not stored. */
  readonly bytes: number;
  readonly work: Work;
}

interface PayloadSource {
  readonly connectorId: string;
  readonly unit: UnitOfWork;
  readonly token: string;
  readonly body: Buffer;
  /** JSON. Undefined if the run did not answer. */
  readonly answer: string | undefined;
}

/** Connections whose credentials are searched for. An integration with more stores nothing. */
const CONNECTIONS_MAX = 500;
/** Masking a byte costs as much time as parsing this many. */
const WEIGHT = 4;
/** Credentials that are searched for, in characters. On the event loop few, because they cost more than the texts. */
const SECRET_CHARS_NOW = 4_000;
const SECRET_CHARS = 64 * 1024;
/** Settings without it declare no password field. */
const PASSWORD = '"password"';

/** Never rejects: a run does not fail because its input cannot be shown. */
export async function payloadsOf({ bytes, work }: PayloadOptions, source: PayloadSource): Promise<Payloads> {
  const { connectorId, unit, token, body, answer } = source;
  const answerBytes = answer === undefined ? 0 : Buffer.byteLength(answer);
  const omitted = {
    ...(body.length > bytes ? { input: { omittedBytes: body.length } } : {}),
    ...(answerBytes > bytes ? { answer: { omittedBytes: answerBytes } } : {}),
  };
  const records = unit.records('connections');
  if (records.size > CONNECTIONS_MAX) return omitted;
  try {
    const texts: PayloadTexts = {
      ...(omitted.input ? {} : { input: textOf(body) }),
      ...(omitted.answer || answer === undefined ? {} : { answer }),
    };
    const connections = [...records.values()].map((part) => part.taskInput);
    const sealedBytes = [...records.values()].reduce((sum, part) => sum + part.bytes, 0);
    const settings = unit.settings?.text;
    const hasPasswords = settings?.includes(PASSWORD) === true;
    const { install = [], uninstall = [] } = (unit.integration ?? {}) as { install?: Json; uninstall?: Json };
    const forms = [install, uninstall, ...(hasPasswords ? [settings] : [])];
    const weight =
      WEIGHT * ((texts.input ?? '').length + (texts.answer ?? '').length + sealedBytes) +
      (hasPasswords ? settings.length : 0);
    const account = { owner: connectorId, charge() {} };
    const input = { ...texts, limitBytes: bytes, token, connections, forms };
    const run = (secretChars: number, size: number) =>
      work.run(tasks, 'mask', { ...input, secretChars }, size, account);
    const masked = run(SECRET_CHARS_NOW, weight).then((found) => found ?? run(SECRET_CHARS, LARGE_BYTES + weight));
    return { ...omitted, ...(await masked) };
  } catch {
    // Too large or too slow to mask, or a body that is not UTF-8: then it must not be stored.
    return omitted;
  }
}
