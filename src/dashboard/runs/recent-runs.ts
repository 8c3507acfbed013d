/**
 * The newest runs of all integrations. The API lists runs by integration, so this reads the lists of those that ran
 * last, and no others.
 */
import { ApiError } from '../api/api-error.ts';
import type { Client } from '../api/client.ts';
import type { Run, Tile } from '../api/types.ts';
import type { RunEntry } from './run-filter.ts';

/** Integrations whose runs are read. */
export const MAX_INTEGRATIONS = 25;
/** Requests at once. */
const AT_ONCE = 5;

export type RecentTile = Pick<Tile, '_integrationId' | 'name' | 'tag' | 'lastRun'>;

export interface RecentRuns {
  /** Newest first. */
  readonly entries: readonly RunEntry[];
  /** Integrations that have runs, too, and whose runs are not among them. */
  readonly leftOut: number;
}

/** Keeps the lists that cannot have changed from one reading to the next. */
export class RecentRunsReader {
  readonly #lists = new Map<string, { readonly lastRun: string; readonly runs: readonly Run[] }>();

  async read(client: Client, signal: AbortSignal): Promise<RecentRuns> {
    const path = '/tiles?include=_integrationId,name,tag,lastRun';
    const tiles = (await client.list<RecentTile>(path, undefined, signal)).filter(({ lastRun }) => lastRun !== null);
    const latest = tiles.sort((a, b) => startOf(b).localeCompare(startOf(a))).slice(0, MAX_INTEGRATIONS);
    const entries: RunEntry[] = [];
    const queue = latest.values();
    const work = async (): Promise<void> => {
      for (const tile of queue) {
        const integration = { name: tile.name, tag: tile.tag };
        for (const run of await this.#runsOf(tile, client, signal)) entries.push({ run, integration });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    for (const id of this.#lists.keys()) {
      if (!latest.some(({ _integrationId }) => _integrationId === id)) this.#lists.delete(id);
    }
    entries.sort((a, b) => b.run.startedAt.localeCompare(a.run.startedAt));
    return { entries, leftOut: tiles.length - latest.length };
  }

  async #runsOf({ _integrationId: id, lastRun }: RecentTile, client: Client, signal: AbortSignal) {
    const known = this.#lists.get(id);
    const isSame = known?.lastRun === `${lastRun?._id} ${lastRun?.outcome}`;
    // An earlier run may end while the last stays the same.
    if (known && isSame && known.runs.every(({ outcome }) => outcome !== 'running')) return known.runs;
    const path = `/integrations/${id}/runs?exclude=log,stack`;
    const runs = await client.list<Run>(path, undefined, signal).catch((error: unknown): readonly Run[] => {
      // It was removed since the tiles were read.
      if (error instanceof ApiError && error.status === 404) return [];
      throw error;
    });
    this.#lists.set(id, { lastRun: `${lastRun?._id} ${lastRun?.outcome}`, runs });
    return runs;
  }
}

const startOf = ({ lastRun }: RecentTile): string => lastRun?.startedAt ?? '';
