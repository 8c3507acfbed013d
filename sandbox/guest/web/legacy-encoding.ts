/** Tables of the Chinese, Japanese and Korean encodings: most connectors know UTF-8 alone. */
import load from '../../../node_modules/@exodus/bytes/fallback/multi-byte.encodings.cjs';

export const tables = load;
