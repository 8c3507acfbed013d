/**
 * The connector that most attacks share: it runs whatever program it is given, in each of its sections.
 *
 * A program is the body of an async function of `api`, `ask`, `size`, `check`, `options` and `progress`.
 * - `api(method, path, body, headers)` asks the runtime's API and replies `{ status, code, text, json() }`;
 *   a body that is a text goes as it is.
 * - `ask`, the same, replies `{ status, code }` and keeps no text: for floods of large replies.
 * - `check(what, isSo)` puts what is not so among the replies, with the status 0, which no control takes.
 */
export const CONNECTOR_CODE = `
const { progress } = require('bulkhead');
const AsyncFunction = (async () => {}).constructor;
const api = async (method, path, body, headers) => {
  const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  try {
    const response = await fetch(path.startsWith('http') ? path : '/v1' + path, {
      method, headers, ...(sent === undefined ? {} : { body: sent }),
    });
    const text = await response.text();
    const json = () => JSON.parse(text);
    return { status: response.status, code: response.ok ? undefined : codeIn(text), text, json };
  } catch (error) {
    // Refused before it reached the API, with a code of the runtime.
    return { status: 422, code: error.code ?? error.message, text: '', json: () => undefined };
  }
};
const codeIn = (text) => { try { return JSON.parse(text).errors[0].code; } catch { return undefined; } };
const ask = (...given) => api(...given).then(({ status, code }) => ({ status, code }));
const run = async (options) => {
  const wrong = [];
  const check = (what, isSo) => { if (!isSo) wrong.push({ status: 0, code: what }); };
  const came = await new AsyncFunction('api', 'ask', 'size', 'check', 'options', 'progress', options.source)(api, ask, options.size, check, options, progress);
  if (!Array.isArray(came)) return came;
  return [...came.map(({ status, code }) => ({ status, code })), ...wrong];
};
/** What an answer is, without a request before it. */
const answer = (options) => new Function('size', options.source)(options.size);
exports.settings = { run, answer, next: () => 'served' };
exports.installer = { answer };
exports.uninstaller = { answer };
exports.utilities = { run, answer };
`;
