/**
 * The connector shared by most attacks. Each of its sections runs any given program.
 *
 * A program is the body of an async function of `api`, `ask`, `size`, `check`, `options` and `progress`.
 * - `api(method, path, body, headers)` asks the runtime's API and replies `{ status, code, text, json() }`;
 *   a string body is sent as is.
 * - `ask` does the same but replies only `{ status, code }`, for floods of large replies.
 * - `check(what, isSo)` adds a reply with status 0 if the check fails, which no control accepts.
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
    // Refused by the runtime before it reached the API.
    return { status: 422, code: error.code ?? error.message, text: '', json: () => undefined };
  }
};
const codeIn = (text) => { try { return JSON.parse(text).errors[0].code; } catch { return undefined; } };
const ask = (...given) => api(...given).then(({ status, code }) => ({ status, code }));
const run = async (options) => {
  const wrong = [];
  const check = (what, isSo) => { if (!isSo) wrong.push({ status: 0, code: what }); };
  const replies = await new AsyncFunction('api', 'ask', 'size', 'check', 'options', 'progress', options.source)(api, ask, options.size, check, options, progress);
  if (!Array.isArray(replies)) return replies;
  return [...replies.map(({ status, code }) => ({ status, code })), ...wrong];
};
/** Answers with the value of the source text, without any request. */
const answer = (options) => new Function('size', options.source)(options.size);
exports.settings = { run, answer, next: () => 'served' };
exports.installer = { answer };
exports.uninstaller = { answer };
exports.utilities = { run, answer };
/** A hook or wrapper whose configuration has the source: the body of a function of \`options\` and \`size\`. */
const flowing = (options) => new Function('options', 'size', options.configuration.source)(options, options.configuration.size);
exports.hooks = { flowing };
exports.wrappers = { flowing };
`;
