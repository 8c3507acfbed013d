import { createRuntime } from 'bulkhead';
import { CONNECTOR, children, codeOf, echo, folders, say } from './parts.mjs';

const runtime = await createRuntime({
  ...folders(),
  runCpuMs: 1_000,
  runTimeoutMs: 30_000,
  runMemoryMb: 32,
  compartmentMemoryMb: 256,
  runsPerConnector: 8,
  queuePerConnector: 8,
});
await runtime.ready();
const { _id } = await runtime.install(CONNECTOR);
const call = (name) => codeOf(runtime.call(_id, 'settings', name));
let ticks = 0;
const clock = setInterval(() => ticks++, 20);
const ended = {};
for (const name of ['loop', 'heap', 'never', 'none', 'constructor']) ended[name] = await call(name);
// Two that bring the compartment down, while another integration's run waits in it.
const neighbour = await runtime.install(CONNECTOR);
const killed = {};
for (const name of ['beside', 'stuck']) {
  const waiting = codeOf(runtime.call(neighbour._id, 'settings', 'waits'));
  killed[name] = [await call(name), await waiting];
}
const codes = await Promise.all(Array.from({ length: 200 }, () => call('slow')));
const flood = {};
for (const code of codes) flood[code] = (flood[code] ?? 0) + 1;
clearInterval(clock);
const answer = await echo(runtime, 'alive');
const pids = children();
await runtime.close();
say({ ended, flood, answer, killed, ticks, pids, left: children() });
