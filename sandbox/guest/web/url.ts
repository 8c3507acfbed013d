/** `URL` and `URLSearchParams`. International domain names come as a library of their own: few need them. */
export { URL, URLSearchParams } from 'whatwg-url';
