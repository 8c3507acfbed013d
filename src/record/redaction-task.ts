/** Takes credentials out of what an application has answered. */
import { bufferOf } from '../work/thread-bytes.ts';
import { type Account, tasksOf, type Work } from '../work/work.ts';
import { Redaction } from './redaction.ts';

/** By who has written them (see redaction.ts). */
export interface SecretTexts {
  readonly ofUsers: readonly string[];
  readonly ofRuns: readonly string[];
}

type HeaderPair = readonly [name: string, value: string];

interface Answer {
  /** Names in lower case. */
  readonly headers: readonly HeaderPair[];
  /** Not to be used any more. */
  readonly body: Uint8Array;
}

interface RedactInput {
  readonly secrets: SecretTexts;
  readonly headers: readonly HeaderPair[];
  readonly moved: Uint8Array;
}

/** A header whose name holds a credential is left out. */
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

/** To search for a character of a credential costs so much more than to go over one of the answer. */
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
