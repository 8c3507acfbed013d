/** Tables of the Chinese, Japanese and Korean encodings: most connectors know UTF-8 alone. */
// By its file: the package names no way to it.
import load from '../../../node_modules/@exodus/bytes/fallback/multi-byte.encodings.cjs';

export const tables = load;
