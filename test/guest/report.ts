/** `npm run wpt`: for each API, how many cases behave as in Node and which do not. Also what isolates cost. */
import { stdout } from 'node:process';
import { suites } from './cases/suites.ts';
import { costOf, uses } from './costs.ts';
import { compare, openGuest } from './evaluate.ts';

let [passed, total] = [0, 0];
const guest = openGuest();
for (const suite of suites) {
  const comparison = await compare(guest, suite);
  passed += comparison.passed;
  total += comparison.total;
  stdout.write(`${comparison.api}: ${comparison.passed} of ${comparison.total}\n`);
  for (const { args, guest, node } of comparison.differences) {
    const reason = suite.differs?.[args] ?? 'not listed';
    stdout.write(`  ${args}\n    guest ${guest}\n    node  ${node}\n    (${reason})\n`);
  }
}
await guest.close();
stdout.write(`all: ${passed} of ${total}\n`);
for (const use of Object.keys(uses) as (keyof typeof uses)[]) {
  const { callMs, heapMb } = await costOf(use);
  stdout.write(`a new isolate that uses ${use}: ${callMs.toFixed(1)} ms, ${heapMb.toFixed(1)} MB\n`);
}
