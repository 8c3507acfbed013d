/**
 * Copies everything durable from one store to another. Walks both side by side, since both list their items in the same
 * order: at most one batch is in memory, and an interrupted copy can be repeated to complete it.
 */
import { CopyError, compareKeys, type Item, type OpenStore, type Section, type SectionName } from './item.ts';
import { sections } from './sections.ts';

/** A batch ends when it reaches either limit. */
const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_ITEMS = 100;
/** Items named in a message. */
const LISTED = 5;
/** Idempotency keys expire after 24 hours. The comparison ignores those that may expire while it runs. */
const COMPARED_MS = 23 * 3_600_000;

export type Counts = Readonly<Record<SectionName, number>>;

export interface CopyResult {
  readonly copied: Counts;
  /** The target had them already. */
  readonly present: Counts;
}

export interface CopyOptions {
  readonly onProgress?: (section: SectionName, count: number) => void;
  readonly signal?: AbortSignal;
}

/** Refuses a target with content that the source lacks. @throws CopyError `target_not_empty` */
export async function assertCopyable(source: OpenStore, target: OpenStore): Promise<void> {
  const others: string[] = [];
  for (const section of sections) {
    if (await isEmpty(section.list(target))) continue;
    let count = 0;
    for await (const pair of pairsOf(section.list(source), section.list(target))) {
      if (pair.target && !isSame(pair)) count += pair.target.count || 1;
    }
    if (count > 0) others.push(phraseOf(section.name, count));
  }
  if (others.length === 0) return;
  const message = `The target is not empty: it has ${listOf(others)} that the source does not have. Nothing was changed.`;
  throw new CopyError('target_not_empty', message);
}

/** Copies what the target lacks. No one else may use either store meanwhile. @throws CopyError, StoreError */
export async function copyStore(source: OpenStore, target: OpenStore, options: CopyOptions = {}): Promise<CopyResult> {
  const [copied, present] = [countsOf(), countsOf()];
  for (const section of sections) {
    const { name } = section;
    const onPresent = (count: number): void => {
      present[name] += count;
    };
    for await (const batch of missing(section, source, target, onPresent)) {
      options.signal?.throwIfAborted();
      await section.write(target, batch);
      for (const { count } of batch) copied[name] += count;
      options.onProgress?.(name, copied[name]);
    }
  }
  return { copied, present };
}

/** Compares both stores completely. Reopen the target first: what it has in memory proves nothing. */
export async function assertSame(source: OpenStore, target: OpenStore, { signal }: CopyOptions = {}): Promise<void> {
  const since = Date.now() - COMPARED_MS;
  for (const section of sections) {
    const different: string[] = [];
    for await (const pair of pairsOf(section.list(source), section.list(target))) {
      signal?.throwIfAborted();
      if (!isSame(pair) && !mayExpire(section, pair, since)) different.push(keyOf(pair).filter(Boolean).join(' '));
    }
    if (different.length === 0) continue;
    const named = `${different.slice(0, LISTED).join(', ')}${different.length > LISTED ? ', …' : ''}`;
    const message = `The copy differs from the source in ${phraseOf(section.name, different.length)} (${named}).`;
    throw new CopyError('store_changed', message);
  }
}

interface Pair {
  readonly source?: Item<unknown> | undefined;
  readonly target?: Item<unknown> | undefined;
}

const isSame = ({ source, target }: Pair): boolean => source?.digest === target?.digest;
const keyOf = ({ source, target }: Pair): readonly string[] => (source ?? target)?.key ?? [];

function mayExpire({ name }: Section, { source, target }: Pair, since: number): boolean {
  const { content } = (source ?? target) as Item<unknown>;
  return name === 'idempotencyKeys' && (content as { at: number }).at <= since;
}

/** Items with the same key, side by side. */
async function* pairsOf(
  source: AsyncIterable<Item<unknown>>,
  target: AsyncIterable<Item<unknown>>,
): AsyncGenerator<Pair> {
  const [left, right] = [source[Symbol.asyncIterator](), target[Symbol.asyncIterator]()];
  let [one, other] = [await nextOf(left), await nextOf(right)];
  while (one || other) {
    const order = !one ? 1 : !other ? -1 : compareKeys(one.key, other.key);
    yield { source: order <= 0 ? one : undefined, target: order >= 0 ? other : undefined };
    if (order <= 0) one = await nextOf(left);
    if (order >= 0) other = await nextOf(right);
  }
}

async function nextOf<T>(iterator: AsyncIterator<T>): Promise<T | undefined> {
  const { done, value } = await iterator.next();
  return done ? undefined : value;
}

/** What the target lacks, in batches. */
async function* missing(
  section: Section,
  source: OpenStore,
  target: OpenStore,
  onPresent: (count: number) => void,
): AsyncGenerator<Item<unknown>[]> {
  let batch: Item<unknown>[] = [];
  let bytes = 0;
  for await (const pair of pairsOf(section.list(source), section.list(target))) {
    if (isSame(pair)) onPresent(pair.source?.count ?? 0);
    else if (pair.target || !pair.source) {
      throw new CopyError('store_changed', `The target was changed meanwhile (${keyOf(pair).join(' ')}).`);
    } else {
      batch.push(pair.source);
      bytes += pair.source.bytes;
      if (batch.length < BATCH_ITEMS && bytes < BATCH_BYTES) continue;
      yield batch;
      [batch, bytes] = [[], 0];
    }
  }
  if (batch.length > 0) yield batch;
}

async function isEmpty(items: AsyncIterable<unknown>): Promise<boolean> {
  for await (const _ of items) return false;
  return true;
}

const countsOf = (): Record<SectionName, number> =>
  Object.fromEntries(sections.map(({ name }) => [name, 0])) as Record<SectionName, number>;

/** Singular and plural. */
const nouns: Readonly<Record<SectionName, readonly [string, string]>> = {
  secretKey: ['the secret key', 'secret keys'],
  permissions: ['the permissions of 1 connector', 'connectors'],
  bundles: ['1 bundle', 'bundles'],
  runs: ['1 run', 'runs'],
  idempotencyKeys: ['1 idempotency key', 'idempotency keys'],
  audit: ['1 audit entry', 'audit entries'],
  integrations: ['1 integration', 'integrations'],
  jobs: ['1 job', 'jobs'],
  messages: ['1 received message', 'received messages'],
  accessTokens: ['1 access token', 'access tokens'],
  oauthClients: ['1 OAuth client', 'OAuth clients'],
  adminToken: ["the administrator's token", 'tokens'],
};

/** Such as `3 bundles`. */
export function phraseOf(section: SectionName, count: number): string {
  const [one, many] = nouns[section];
  if (count === 1) return one;
  return section === 'permissions' ? `the permissions of ${count} connectors` : `${count} ${many}`;
}

const listOf = (phrases: readonly string[]): string => new Intl.ListFormat('en').format(phrases);
