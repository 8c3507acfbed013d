/** `URL` and `URLSearchParams`. International domain names are a separate library, since few need them. */
export { URL, URLSearchParams } from 'whatwg-url';
