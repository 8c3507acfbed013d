/** All attacks with data, by subject. */
import { answers } from './answers.ts';
import { asks } from './asks.ts';
import type { DataAttack } from './attack.ts';
import { connections } from './connections.ts';
import { flows } from './flows.ts';
import { forms } from './forms.ts';
import { lists } from './lists.ts';
import { manifests } from './manifests.ts';
import { names } from './names.ts';
import { patches } from './patches.ts';
import { queries } from './queries.ts';
import { records } from './records.ts';
import { restores } from './restores.ts';
import { sourceMaps } from './source-maps.ts';
import { state } from './state.ts';
import { steps } from './steps.ts';
import { uploads } from './uploads.ts';
import { webhooks } from './webhooks.ts';

export const attacks: Readonly<Record<string, readonly DataAttack[]>> = {
  records,
  steps,
  forms,
  answers,
  asks,
  names,
  queries,
  patches,
  connections,
  state,
  lists,
  'source maps': sourceMaps,
  manifests,
  uploads,
  flows,
  webhooks,
  restores,
};
