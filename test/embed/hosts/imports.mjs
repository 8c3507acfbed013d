/** What importing does: nothing. */
import { readdirSync } from 'node:fs';
import { children, environmentReads, resources, say } from './parts.mjs';

const reads = environmentReads();
const control = process.env.PATH === undefined;
const state = () => ({
  resources: resources(),
  children: children(),
  listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
  globals: Object.getOwnPropertyNames(globalThis),
  title: process.title,
  umask: process.umask(),
  cwd: process.cwd(),
  files: readdirSync('.'),
});
const before = state();
const entries = {};
for (const entry of ['bulkhead', 'bulkhead/sdk', 'bulkhead/test']) {
  entries[entry] = Object.keys(await import(entry)).sort();
}
await new Promise((resolve) => setImmediate(resolve));
const after = state();
say({ entries, before, after, control, ownReads: reads.by('/bulkhead/dist/'), hostReads: reads.by('imports.mjs') });
