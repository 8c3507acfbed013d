/** `querystring`: the package of that name, with its two functions for single values. */
import querystring from 'querystring-es3';

function unescapeValue(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export default { ...querystring, escape: encodeURIComponent, unescape: unescapeValue };
