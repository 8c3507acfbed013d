/** vm2: `node:vm` behind proxies, in the server's own thread. */
import { VM } from 'vm2';
import { serve, wrapped } from './serve.ts';

const call = new VM().run(wrapped) as (text: string) => string;
serve((text) => call(text));
