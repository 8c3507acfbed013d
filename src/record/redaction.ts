/**
 * Removes credentials from an application's response, which may repeat what it was sent. Works on any bytes, knows the
 * usual spellings (secret-spellings.ts), and takes time and memory linear in the size of the response. Other
 * transformations of a credential are not recognized.
 *
 * Everything that a credential covers is cut, also where credentials overlap.
 *
 * A connector must not learn a credential from what is cut. It can add credentials of its own to a connection, each a
 * context and a guess: `"authorization":"Bearer a`. If a match cut the context too, it would confirm the guess, and the
 * credential could be read letter by letter. So credentials written by a run are searched for last, and separately in
 * each piece of text between the others: whether one matches depends only on text that is visible anyway. Only whole
 * credentials are searched for, since a part is easier to guess.
 *
 * Known limits: whoever can make the application answer with a complete, correct guess sees it cut, just as a successful
 * login would confirm it. Values of less than six characters are cut only together with the text they were sent in.
 */
import { AhoCorasick, type SearchState } from './aho-corasick.ts';
import { Beginnings } from './beginnings.ts';
import { type EscapeDecoder, escapeDecoders, isLineEnd, NormalizedBytes } from './normalized-bytes.ts';
import { patternsOf, SECRET_CHARS_MIN } from './secret-spellings.ts';
import { Spans, union } from './spans.ts';

const REPLACEMENT = Buffer.from('******');
/** Normalized bytes held at a time. */
const WINDOW_BYTES = 64 * 1024;
/** Bytes normalized before they are searched. */
const STRETCH_BYTES = 64;
/** A match may share bits with the byte after it, which two bytes of padding may follow. */
const EDGE_BYTES = 3;

/** What is searched for. */
interface Search {
  readonly patterns: AhoCorasick;
  readonly beginnings: Beginnings;
}

function searchFor(secrets: Iterable<string>): Search {
  const patterns = patternsOf(secrets);
  return { patterns: new AhoCorasick(patterns), beginnings: new Beginnings(patterns) };
}

export class Redaction {
  readonly #secrets: Search;
  readonly #ofRuns: Search;

  /**
   * @param secrets credentials that no connector chose
   * @param ofRuns credentials that a connector may have chosen
   */
  constructor(secrets: Iterable<string>, ofRuns: Iterable<string> = []) {
    this.#secrets = searchFor(secrets);
    this.#ofRuns = searchFor(ofRuns);
  }

  bytes(answer: Buffer): Buffer {
    const cut = matchesIn(answer, this.#secrets);
    return cutOut(answer, this.#ofRuns.patterns.isEmpty ? cut : withMatchesBetween(answer, cut, this.#ofRuns));
  }

  /** Header text is Latin-1: one character per byte. */
  header(value: string): string {
    return this.bytes(Buffer.from(value, 'latin1')).toString('latin1');
  }
}

/** Adds the matches in the text between the spans. */
function withMatchesBetween(answer: Buffer, cut: Spans, search: Search): Spans {
  const all = new Spans();
  const addBetween = (start: number, end: number): void => {
    const found = matchesIn(answer.subarray(start, end), search);
    for (let i = 0; i < found.count; i++) all.add(start + found.from(i), start + found.to(i));
  };
  let shown = 0;
  for (let i = 0; i < cut.count; i++) {
    addBetween(shown, cut.from(i));
    all.add(cut.from(i), cut.to(i));
    shown = cut.to(i);
  }
  addBetween(shown, answer.length);
  return all;
}

function cutOut(answer: Buffer, cut: Spans): Buffer {
  if (cut.count === 0) return answer;
  // No match is shorter than its replacement.
  const result = Buffer.allocUnsafe(answer.length);
  let [shown, length] = [0, 0];
  for (let i = 0; i < cut.count; i++) {
    length += answer.copy(result, length, shown, cut.from(i));
    length += REPLACEMENT.copy(result, length);
    shown = cut.to(i);
  }
  length += answer.copy(result, length, shown);
  return result.subarray(0, length);
}

function matchesIn(answer: Uint8Array, search: Search): Spans {
  if (search.patterns.isEmpty || answer.length < SECRET_CHARS_MIN) return new Spans();
  const present = escapeDecoders.filter(({ marker }) => answer.includes(marker));
  return present.map((decoder) => matchesWith(answer, search, decoder)).reduce(union, matchesWith(answer, search));
}

function matchesWith(answer: Uint8Array, { patterns, beginnings }: Search, decoder?: EscapeDecoder): Spans {
  const spans = new Spans();
  // Keeps the longest match and what it may share bits with.
  const overlap = patterns.longest + 1 + EDGE_BYTES;
  const text = new NormalizedBytes(Math.min(answer.length, 2 * overlap + WINDOW_BYTES));
  const state: SearchState = { node: 0 };
  let searched = 0;
  let next = -1;
  const searchUpTo = (end: number): void => {
    for (; searched < end; searched++) {
      if (state.node === 0 && !beginnings.isAt(text.bytes, searched)) continue;
      const length = patterns.next(state, text.bytes[searched] as number);
      if (length > 0) addMatch(spans, text, searched + 1 - length, searched + 1, patterns, state);
    }
  };
  for (let at = 0; at < answer.length; ) {
    if (text.isFull) {
      searched -= text.length - overlap;
      text.keepLast(overlap);
    }
    if (state.node === 0) {
      const from = searched < text.length ? (text.from[searched] as number) : at;
      if (from > next) next = beginnings.nextIn(answer, from, decoder);
      if (next === answer.length) return spans;
      // A match may share bits with the byte before it.
      let before = next - 1;
      while (before >= at && isLineEnd(answer[before])) before--;
      if (before >= at) {
        text.clear();
        searched = 0;
        at = before;
      } else at = Math.max(at, next);
    }
    for (const end = Math.min(answer.length, at + STRETCH_BYTES); at < end && !text.isFull; ) {
      const byte = answer[at] as number;
      const count = decoder && byte === decoder.marker ? decoder.decode(answer, at, text) : 0;
      if (count === 0) text.add(byte, at, at + 1);
      at += count || 1;
    }
    searchUpTo(text.length - EDGE_BYTES);
  }
  searchUpTo(text.length);
  return spans;
}

/** Normalized base64 characters. */
const IN_BASE64 = Uint8Array.from({ length: 256 }, (_, byte) => (/[a-z0-9/ ]/.test(String.fromCharCode(byte)) ? 1 : 0));
const PADDING = '='.charCodeAt(0);

/** Adds a match, including the neighboring base64 characters that hold bits of it. */
function addMatch(
  spans: Spans,
  text: NormalizedBytes,
  start: number,
  end: number,
  patterns: AhoCorasick,
  state: SearchState,
): void {
  const isShared = (at: number): boolean => at >= 0 && at < text.length && IN_BASE64[text.bytes[at] as number] === 1;
  const first = patterns.sharesFirst(state) && isShared(start - 1) ? start - 1 : start;
  let after = end;
  if (patterns.sharesLast(state)) {
    if (isShared(after)) after++;
    while (after < text.length && text.bytes[after] === PADDING) after++;
  }
  spans.add(text.from[first] as number, text.to[after - 1] as number);
}
