/** A text of at most `chars` characters: one that is longer ends in an ellipsis. */
export function shorten(text: string, chars: number): string {
  if (text.length <= chars) return text;
  // Half of a character that takes two would not survive being written as UTF-8.
  return `${text.slice(0, chars - 1).toWellFormed()}…`;
}

/** The first of many names, and how many more there are. */
export function shortList(names: readonly string[], shown: number): string {
  const listed = names.slice(0, shown).join(', ');
  return names.length > shown ? `${listed} and ${names.length - shown} more` : listed;
}
