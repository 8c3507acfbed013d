/** `bulkhead copy`: copies everything between data folders and databases, and compares the result. */
import { assertCopyable, assertSame, type CopyResult, type Counts, copyStore, phraseOf } from '../store/copy/copy.ts';
import { CopyError, type OpenStore, type SectionName } from '../store/copy/item.ts';
import { StoreError } from '../store/store.ts';
import {
  assertHasData,
  assertNotForeign,
  nameOf,
  nodesOn,
  openLocation,
  parseLocation,
  type StoreLocation,
} from '../store-location.ts';
import { type Command, type CommandContext, CommandError, jsonFlag, print, UsageError } from './command.ts';
import { type ProgressLine, progressLineOn } from './progress-line.ts';

export const copy: Command = {
  name: 'copy',
  summary: 'Copies a whole data folder or database into an empty one, and compares both.',
  expects: '--from and --to',
  flags: [
    { syntax: '--from <store>', help: 'data folder, or postgres://user:password@host/name; no server may use it' },
    { syntax: '--to <store>', help: 'the same; must be empty, or the target of an interrupted copy' },
    jsonFlag,
  ],
  examples: [
    'bulkhead copy --from ./data --to postgres://bulkhead@db.example.com/bulkhead',
    'bulkhead copy --from postgres://bulkhead@db.example.com/bulkhead --to /var/lib/bulkhead',
  ],

  async run(context) {
    const [from, to] = [locationIn(context, 'from'), locationIn(context, 'to')];
    const names = { from: nameOf(from), to: nameOf(to) };
    if (names.from === names.to) throw new UsageError('--from and --to name the same store.');
    const progress = progressLineOn(context.out);
    try {
      const { copied, present, notCopied } = await copyBetween(from, to, context, progress);
      progress.clear();
      for (const message of notCopied) if (context.flags.json !== true) context.err.write(`Not copied: ${message}\n`);
      const json = { ...names, copied, present, notCopied };
      print(context, { text: summaryOf(names.to, copied, present), json });
    } catch (error) {
      throw error instanceof CopyError ? new CommandError(error.message, { code: error.code, cause: error }) : error;
    } finally {
      progress.clear();
    }
    return undefined;
  },
};

function locationIn({ flags, cwd }: CommandContext, flag: 'from' | 'to'): StoreLocation {
  const text = flags[flag];
  if (typeof text !== 'string') throw new UsageError('copy expects --from and --to. See --help.');
  const location = parseLocation(text, cwd);
  if (location) return location;
  throw new UsageError(`--${flag} must be a folder or postgres://user:password@host/name.`);
}

async function copyBetween(
  from: StoreLocation,
  to: StoreLocation,
  { signal }: CommandContext,
  progress: ProgressLine,
): Promise<CopyResult & { readonly notCopied: readonly string[] }> {
  await assertHasData(from);
  await assertNotForeign(to);
  const assertUnused = async (): Promise<void> => {
    for (const location of [from, to]) await assertNoNodes(location);
  };
  await assertUnused();
  const source = await openLocation(from);
  try {
    const onProgress = (section: SectionName, count: number): void =>
      progress.show(`Copied ${phraseOf(section, count)}`);
    const result = await withTarget(to, source, async (target) => {
      await assertCopyable(source, target);
      return copyStore(source, target, { onProgress, signal });
    });
    progress.show('Comparing …');
    await withTarget(to, source, (target) => assertSame(source, target, { signal }));
    await assertUnused();
    return { ...result, notCopied: source.storage.problems.map(({ message }) => message) };
  } finally {
    await source.storage.close();
  }
}

async function assertNoNodes(location: StoreLocation): Promise<void> {
  const nodes = await nodesOn(location);
  if (nodes.length === 0) return;
  const named = `${nodes.length === 1 ? 'the node' : 'the nodes'} ${nodes.join(', ')}`;
  throw new CommandError(`${nameOf(location)} is in use by ${named}: stop them first. A killed node counts for 6 s.`, {
    code: 'store_locked',
  });
}

/** Opens the target anew each time, because the comparison must read from disk. */
async function withTarget<T>(
  to: StoreLocation,
  source: OpenStore,
  work: (target: OpenStore) => Promise<T>,
): Promise<T> {
  const target = await openLocation(to);
  try {
    return await work(target);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const side = source.storage.outage === undefined ? 'target' : 'source';
    const message = `The ${side}: ${error.message} Repeat the command to copy the rest.`;
    throw new CommandError(message, { code: error.code, cause: error });
  } finally {
    await target.storage.close();
  }
}

function summaryOf(to: string, copied: Counts, present: Counts): string {
  const listOf = (counts: Counts): string => {
    const some = (Object.entries(counts) as [SectionName, number][]).filter(([, count]) => count > 0);
    return new Intl.ListFormat('en').format(some.map(([name, count]) => phraseOf(name, count)));
  };
  const [made, had] = [listOf(copied), listOf(present)];
  const lines = [made === '' ? 'There was nothing to copy.' : `Copied ${made} to ${to}.`];
  if (had !== '') lines.push(`It already had ${had}.`);
  return [...lines, 'Both stores have the same content.'].join('\n');
}
