/** Internationalised domain names: tables of a quarter of a megabyte. */
export { toASCII, toUnicode } from 'tr46';
