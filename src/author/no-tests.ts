/** A second reporter for Node's test runner: running no tests at all is a failure. */
import type { TestEvent } from 'node:test/reporters';

export default async function* noTests(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let testCount = 0;
  for await (const { type } of events) if (type === 'test:pass' || type === 'test:fail') testCount++;
  if (testCount > 0) return;
  process.exitCode = 1;
  yield 'No tests were found. Put them into *.test.js or *.test.ts files, or into a folder named test.\n';
}
