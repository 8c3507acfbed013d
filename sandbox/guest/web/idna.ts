/** International domain names. Separate because the tables take a quarter of a megabyte. */
export { toASCII, toUnicode } from 'tr46';
