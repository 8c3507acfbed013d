/** Jobs of flows in PostgreSQL: not stored yet. */
import type { JobStore } from '../jobs.ts';
import { StoreError } from '../store.ts';

const unavailable = async (): Promise<never> => {
  throw new StoreError('store_unavailable', 'Jobs are not stored in a database yet.');
};

export const noJobs: JobStore = {
  add: unavailable,
  get: async () => undefined,
  list: async () => [],
  latestOf: async () => [],
  lastScheduled: async () => new Map(),
  update: unavailable,
  requestCancel: unavailable,
  putErrors: unavailable,
  errors: async () => [],
  countErrors: async () => 0,
  resolveErrors: async () => 0,
  receive: unavailable,
  received: async () => [],
  acknowledge: unavailable,
  exportsWithMessages: async () => [],
  countReceived: async () => 0,
  integrationIds: async () => [],
  forget: async () => {},
  purge: async () => 0,
  serve: () => {},
  stop: async () => {},
  allJobs: async () => [],
  allMessages: async () => [],
  put: unavailable,
};
