/** Masks credentials in the input and the answer of a run before they are stored. */
import type { Json } from '../json.ts';
import { textOf } from '../parse-body.ts';
import { MASK, openSecrets } from '../record/credentials.ts';
import { collectPasswordFields, NameMask } from '../record/payload-mask.ts';
import { Redaction } from '../record/redaction.ts';
import type { Payload } from '../run/run.ts';
import type { Stored } from '../store/stored.ts';
import { type TaskContext, tasksOf } from '../work/work.ts';

export interface PayloadTexts {
  readonly input?: string;
  readonly answer?: string;
}

interface MaskInput extends PayloadTexts {
  /** The size that each may have, masked. */
  readonly limitBytes: number;
  /** Credentials that are searched for at most, in characters. */
  readonly secretChars: number;
  /** The run's token. */
  readonly token: string;
  /** The integration's connections, with their credentials sealed. */
  readonly connections: readonly (Stored | Uint8Array)[];
  /** The integration's settings and steps, which declare password fields. */
  readonly forms: readonly (Json | Uint8Array)[];
}

export interface Payloads {
  readonly input?: Payload;
  readonly answer?: Payload;
}

const parsed = <T>(json: T | Uint8Array): T =>
  json instanceof Uint8Array ? (JSON.parse(textOf(json)) as T) : (json as T);

/** @returns undefined if there are more credentials than should be searched for */
function mask(task: MaskInput, { keyring }: TaskContext): Payloads | undefined {
  const names = new Set<string>();
  // The half of the token that is secret.
  const ofUsers = new Set([task.token.slice(task.token.indexOf('.') + 1)]);
  const ofRuns = new Set<string>();
  for (const form of task.forms) collectPasswordFields(parsed<Json>(form), names, ofUsers);
  for (const connection of task.connections) {
    const open = openSecrets(keyring, 'connections', parsed<Stored>(connection));
    for (const secret of open?.secretsOf('user') ?? []) ofUsers.add(secret);
    for (const secret of open?.secretsOf('run') ?? []) ofRuns.add(secret);
  }
  const read = (text: string | undefined, found: Set<string>) => {
    if (text === undefined) return undefined;
    const value = JSON.parse(text) as Json;
    return { value, masked: new NameMask(names, found).mask(value) };
  };
  // What one of them has under a telling name, the other may have under any name.
  const input = read(task.input, ofUsers);
  const answer = read(task.answer, ofRuns);
  const chars = [...ofUsers, ...ofRuns].reduce((sum, { length }) => sum + length, 0);
  if (chars > task.secretChars) return undefined;
  const redaction = new Redaction(ofUsers, ofRuns);
  const payloadOf = (read: typeof input): Payload | undefined => {
    if (!read) return undefined;
    const value = redacted(read.masked, redaction);
    const text = JSON.stringify(value);
    const bytes = Buffer.byteLength(text);
    if (bytes > task.limitBytes) return { omittedBytes: bytes };
    return value === read.value ? { text } : { text, masked: true };
  };
  const [shownInput, shownAnswer] = [payloadOf(input), payloadOf(answer)];
  return { ...(shownInput && { input: shownInput }), ...(shownAnswer && { answer: shownAnswer }) };
}

/** The same value if no credential is in it. */
function redacted(value: Json, redaction: Redaction): Json {
  const bytes = Buffer.from(JSON.stringify(value));
  // Searches the whole first: a hundred thousand texts one by one would take long.
  return redaction.bytes(bytes) === bytes ? value : redactedParts(value, redaction);
}

function redactedParts(value: Json, redaction: Redaction): Json {
  if (typeof value === 'string') return redactedText(value, redaction);
  if (typeof value === 'number') return redactedText(String(value), redaction) === String(value) ? value : MASK;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => redactedParts(item, redaction));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [redactedText(key, redaction), redactedParts(inner, redaction)]),
  );
}

function redactedText(text: string, redaction: Redaction): string {
  const bytes = Buffer.from(text);
  const shown = redaction.bytes(bytes);
  return shown === bytes ? text : shown.toString();
}

export const tasks = tasksOf(import.meta.url, { mask });
