/** `structuredClone`. The library defines it as a global itself. */
import 'core-js/modules/web.structured-clone.js';

const { structuredClone } = globalThis;

export { structuredClone };
