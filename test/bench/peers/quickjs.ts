/** quickjs-emscripten: an interpreter in WebAssembly, in the server's own thread. */
import { getQuickJS } from 'quickjs-emscripten';
import { serve, wrapped } from './serve.ts';

const context = (await getQuickJS()).newContext();
const call = context.unwrapResult(context.evalCode(wrapped));
serve((text) => {
  const argument = context.newString(text);
  const result = context.unwrapResult(context.callFunction(call, context.undefined, argument));
  const answer = context.getString(result);
  argument.dispose();
  result.dispose();
  return answer;
});
