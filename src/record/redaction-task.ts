/** Removes credentials from an application's response. */
import { bufferOf } from '../work/thread-bytes.ts';
import { type Account, tasksOf, type Work } from '../work/work.ts';
import { Redaction } from './redaction.ts';

/** Credentials by who wrote them (see redaction.ts). */
export interface SecretTexts {
  readonly ofUsers: readonly string[];
  readonly ofRuns: readonly string[];
}

type HeaderPair = readonly [name: string, value: string];

interface Answer {
  /** Names in lower case. */
  readonly headers: readonly HeaderPair[];
  /** Must not be used afterwards: it may move to another thread. */
  readonly body: Uint8Array;
}

interface RedactInput {
  readonly secrets: SecretTexts;
  readonly headers: readonly HeaderPair[];
  readonly moved: Uint8Array;
}

/** Drops headers whose name contains a credential. */
function redact({ secrets, headers, moved }: RedactInput): {
  readonly headers: readonly HeaderPair[];
  readonly text: Buffer;
} {
  const redaction = new Redaction(secrets.ofUsers, secrets.ofRuns);
  return {
    headers: headers
      .filter(([name]) => redaction.header(name) === name)
      .map(([name, value]) => [name, redaction.header(value)] as const),
    text: redaction.bytes(bufferOf(moved)),
  };
}

export const tasks = tasksOf(import.meta.url, { redact });

/** A character of a credential costs as much time as this many bytes of the response. */
const SECRET_WEIGHT = 50;

export async function redactAnswer(
  work: Work,
  account: Account,
  secrets: SecretTexts,
  answer: Answer,
): Promise<{ readonly headers: readonly HeaderPair[]; readonly body: Buffer }> {
  const chars = [...secrets.ofUsers, ...secrets.ofRuns].reduce((sum, { length }) => sum + length, 0);
  const weight = answer.body.length + chars * SECRET_WEIGHT;
  const { headers: given, body: moved } = answer;
  const { headers, text } = await work.run(tasks, 'redact', { secrets, headers: given, moved }, weight, account);
  return { headers, body: text };
}
