/** "Did you mean …?", for names that people type: commands, options, keys of manifests and of bodies. */
import { distance } from 'fastest-levenshtein';

/** Longer names are not typed by hand, and comparing them takes long. */
const NAME_CHARS = 60;
/** Known names that are compared. Some are a connector's own, such as the fields of a form. */
const KNOWN_MAX = 200;
/** Share of the longer name's characters that may differ. */
const DIFFERENT_SHARE = 0.4;

/** The known name that was probably meant: the nearest, if it is near. */
export function closestName(name: string, known: Iterable<string>): string | undefined {
  if (name.length > NAME_CHARS) return undefined;
  const typed = plain(name);
  let closest: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  let compared = 0;
  for (const candidate of known) {
    if (++compared > KNOWN_MAX) break;
    if (candidate.length > NAME_CHARS) continue;
    const other = plain(candidate);
    const edits = sameLetters(typed, other) ? 1 : distance(typed, other);
    if (edits >= fewest || edits > DIFFERENT_SHARE * Math.max(typed.length, other.length)) continue;
    closest = candidate;
    fewest = edits;
  }
  return closest;
}

/** The end of a sentence about an unknown name: `; did you mean limits?`, or nothing. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const closest = closestName(name, known);
  return closest === undefined ? '' : `; did you mean ${closest}?`;
}

/** `time_out-MS` is `timeoutMs`. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_. ]/g, '');

/** Letters in another order are one slip, where counting edits sees two. */
const sameLetters = (one: string, other: string): boolean =>
  one.length === other.length && one.length > 2 && [...one].sort().join('') === [...other].sort().join('');
