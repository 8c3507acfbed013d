/** Files elsewhere count as those of the folder do, until the watch ends. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { watchBundles } from '../../src/connector/watch.ts';
import { temporaryFolder } from '../support/folders.ts';

test('tells of a file elsewhere, and does not mind one that is named when the watch has ended', async () => {
  const [folder, elsewhere] = [await temporaryFolder(), join(await temporaryFolder(), 'word.ts')];
  await writeFile(elsewhere, 'one');
  const onChange = vi.fn();
  const watcher = watchBundles(folder, onChange);
  await vi.waitFor(() => expect(onChange).toHaveBeenCalledOnce());
  watcher.add([elsewhere]);
  await vi.waitFor(
    async () => {
      await writeFile(elsewhere, String(performance.now()));
      expect(onChange.mock.calls.length).toBeGreaterThan(1);
    },
    { timeout: 5_000 },
  );
  await watcher.close();
  expect(() => watcher.add([elsewhere])).not.toThrow();
});
