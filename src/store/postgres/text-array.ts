/** Encodes arrays for PostgreSQL. */

/** PostgreSQL's object id of the type `text`. */
const TEXT_OID = 25;
const INT_BYTES = 4;
const HEADER_INTS = 5;
const NULL_LENGTH = -1;

/**
 * A `text[]` in PostgreSQL's binary format. pg would write a literal and escape it one character at a time: 200 ms for
 * 3 MB.
 */
export function textArray(values: readonly (string | number | Buffer | null)[]): Buffer {
  const texts = values.map((value) => (value === null || Buffer.isBuffer(value) ? value : Buffer.from(String(value))));
  const bytes = texts.reduce((sum, text) => sum + INT_BYTES + (text?.length ?? 0), HEADER_INTS * INT_BYTES);
  const array = Buffer.allocUnsafe(bytes);
  let at = 0;
  // Number of dimensions, whether it may have nulls, type, length, index of the first element.
  for (const int of [1, 1, TEXT_OID, texts.length, 1]) at = array.writeInt32BE(int, at);
  for (const text of texts) {
    at = array.writeInt32BE(text?.length ?? NULL_LENGTH, at);
    if (text) at += text.copy(array, at);
  }
  return array;
}
