/** Cuts a text to at most `chars` characters, the last being an ellipsis. */
export function shorten(text: string, chars: number): string {
  if (text.length <= chars) return text;
  // Half of a surrogate pair cannot be written as UTF-8.
  return `${text.slice(0, chars - 1).toWellFormed()}…`;
}

/** The first names of a list, and how many more there are. */
export function shortList(names: readonly string[], max: number): string {
  const listed = names.slice(0, max).join(', ');
  return names.length > max ? `${listed} and ${names.length - max} more` : listed;
}
