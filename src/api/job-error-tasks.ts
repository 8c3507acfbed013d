/** Shows parts of a failed record; runs in the pool. */
import type { Json, JsonObject } from '../json.ts';
import { type Projection, project } from '../projection.ts';
import { tasksOf } from '../work/work.ts';

interface Projected {
  readonly head: JsonObject;
  /** JSON of the record. */
  readonly data: string;
  readonly projection: Projection;
}

const projected = ({ head, data, projection }: Projected): string =>
  JSON.stringify(project({ ...head, data: JSON.parse(data) as Json }, projection));

export const tasks = tasksOf(import.meta.url, { projected });
