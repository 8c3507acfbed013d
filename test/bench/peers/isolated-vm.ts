/** isolated-vm in the server's own thread: one isolate for everybody, without a process, a limit or a watch around it. */
import { createRequire } from 'node:module';
import type ivm from 'isolated-vm';
import { serve, wrapped } from './serve.ts';

const { Isolate } = createRequire(import.meta.url)('isolated-vm') as typeof ivm;
const context = await new Isolate({ memoryLimit: 128 }).createContext();
const call = (await context.eval(wrapped, { reference: true })) as ivm.Reference;
serve((text) => call.applySync(undefined, [text], { timeout: 1_000 }) as string);
