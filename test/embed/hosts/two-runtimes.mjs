import { createRuntime } from 'bulkhead';
import { echo, folders, say } from './parts.mjs';

const runtimes = await Promise.all([createRuntime(folders('eu')), createRuntime(folders('us'))]);
const answers = await Promise.all(runtimes.map((runtime, i) => echo(runtime, `word ${i}`)));
const servers = await Promise.all([
  createRuntime({ ...folders('a'), port: 0 }),
  createRuntime({ ...folders('b'), port: 0 }),
]);
await Promise.all(servers.map((runtime) => runtime.listen()));
const ports = new Set(servers.map(({ url }) => url)).size;
await runtimes[0].close();
const afterwards = await echo(runtimes[1], 'still here');
await Promise.all([...runtimes, ...servers].map((runtime) => runtime.close()));
say({ answers, ports, afterwards });
