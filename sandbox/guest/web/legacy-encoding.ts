/** Tables of the Chinese, Japanese and Korean encodings. Separate because few connectors need them. */
// By its path, because the package does not export it.
import load from '../../../node_modules/@exodus/bytes/fallback/multi-byte.encodings.cjs';

export const tables = load;
