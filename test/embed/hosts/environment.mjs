/** `BULKHEAD_*` is for the command line: whoever embeds gives options. */
import { createRuntime } from 'bulkhead';
import { echo, environmentReads, folders, say } from './parts.mjs';

const reads = environmentReads();
const runtime = await createRuntime({ ...folders(), port: 0 });
await runtime.listen();
const answer = await echo(runtime, 'hello');
const { url } = runtime;
const page = await fetch(url);
await page.text();
await runtime.close();
say({ answer, url, page: page.status, ownReads: reads.by('/bulkhead/dist/'), all: reads.all() });
