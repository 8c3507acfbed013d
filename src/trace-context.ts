/** Reads and writes trace headers (W3C Trace Context, level 2). Pure, except for new ids. */
import { randomUUID } from 'node:crypto';

export interface Trace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** Two hex digits: 01 sampled, 02 random id. */
  readonly flags: string;
  /** `tracestate` of the incoming request. */
  readonly state?: string;
}

export type TraceHeaders = readonly (readonly [name: 'traceparent' | 'tracestate', value: string])[];

const PARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?$/;
/** Flags of new traces: sampled, random id. */
const FLAGS = '03';
const KNOWN_FLAGS = 0x03;

const STATE_CHARS = 512;
const STATE_MEMBERS = 32;
/** Longer members are dropped first if the state is too long (3.3.1.5). */
const LONG_MEMBER_CHARS = 128;
const MEMBER =
  /^(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}$/;

/** Undefined if `traceparent` is not valid. */
export function parseTrace(traceparent: string, tracestate = ''): Trace | undefined {
  const [, version, traceId, flags = '', rest] = PARENT.exec(traceparent) ?? [];
  if (traceId === undefined || (version === '00' && rest !== undefined)) return undefined;
  const knownFlags = (Number.parseInt(flags, 16) & KNOWN_FLAGS).toString(16).padStart(2, '0');
  const state = boundedState(tracestate);
  return { traceId, flags: knownFlags, ...(state === '' ? {} : { state }) };
}

/** @param id a UUID whose digits become the trace id */
export function newTrace(id: string = randomUUID()): Trace {
  return { traceId: id.replaceAll('-', ''), flags: FLAGS };
}

/** Headers for one outgoing request, with a parent id of its own. */
export function traceHeadersOf({ traceId, flags, state }: Trace): TraceHeaders {
  const id = randomUUID();
  const traceparent = `00-${traceId}-${id.slice(19, 23)}${id.slice(24)}-${flags}`;
  return state === undefined
    ? [['traceparent', traceparent]]
    : [
        ['traceparent', traceparent],
        ['tracestate', state],
      ];
}

/** The part of `tracestate` to pass on. Empty if it is not valid. */
function boundedState(text: string): string {
  if (text === '' || text.length > 16 * STATE_CHARS) return '';
  let members = text
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  if (members.length > STATE_MEMBERS || !members.every((member) => MEMBER.test(member))) return '';
  if (members.join(',').length > STATE_CHARS) members = members.filter(({ length }) => length <= LONG_MEMBER_CHARS);
  while (members.join(',').length > STATE_CHARS) members.pop();
  return members.join(',');
}
