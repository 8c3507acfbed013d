/** Replaces the tables where @exodus/bytes imports them, and loads them on demand. */
import type { Web } from '../web-apis.ts';

declare const web: Web;

export default (): unknown => (web.load('legacy-encoding').tables as () => unknown)();
