/** `npm run wpt`: how many of how many cases go as in Node, by API, and which do not; and what isolates cost. */
import { stdout } from 'node:process';
import { suites } from './cases/suites.ts';
import { costOf, uses } from './costs.ts';
import { compare, openGuest } from './evaluate.ts';

let [passed, total] = [0, 0];
const guest = openGuest();
for (const suite of suites) {
  const verdict = await compare(guest, suite);
  passed += verdict.passed;
  total += verdict.total;
  stdout.write(`${verdict.api}: ${verdict.passed} of ${verdict.total}\n`);
  for (const { args, guest, node } of verdict.differences) {
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
