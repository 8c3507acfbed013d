/** `node:vm`: a context in the server's own thread. Its documentation says that it is no sandbox. */
import vm from 'node:vm';
import { serve, wrapped } from './serve.ts';

const call = vm.runInContext(wrapped, vm.createContext({})) as (text: string) => string;
serve(call);
