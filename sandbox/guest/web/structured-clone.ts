/** `structuredClone`. The library puts it where a platform has it, which is where it is to be. */
import 'core-js/modules/web.structured-clone.js';

const { structuredClone } = globalThis;

export { structuredClone };
