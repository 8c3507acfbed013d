/** Publishes events of runs, integrations and connectors: enough to show them, and ids to read the rest. */
import type { CatalogEvents } from '../connector/catalog-events.ts';
import type { Job } from '../flow/job.ts';
import type { OfflineEvent } from '../oauth/stored-tokens.ts';
import type { RunRecord } from '../run/run.ts';
import type { RunListener } from '../run/runs.ts';
import type { Document } from '../store/document.ts';
import { recordKinds, type StoreChange } from '../store/store.ts';
import type { Feed } from './feed.ts';

function runOf({ _id, _integrationId, _connectorId, section, function: name }: RunRecord) {
  return { runId: _id, _integrationId, _connectorId, section, function: name };
}

/** Texts come from the run's record, which contains no secrets. */
export function publishRuns(feed: Feed): RunListener {
  return {
    onStarted(record) {
      feed.publish('run.started', record._integrationId, () => {
        const { version, startedAt } = record;
        return { ...runOf(record), version, startedAt };
      });
    },
    onProgress(record, fraction, message) {
      feed.publish('run.progress', record._integrationId, () => ({ ...runOf(record), fraction, message }));
    },
    onLine(record, line) {
      feed.publish('run.log', record._integrationId, () => ({ ...runOf(record), ...line }));
    },
    onEnded(record) {
      feed.publish('run.ended', record._integrationId, () => {
        const { version, startedAt, endedAt, outcome, fault, wallMs, cpuMs, heapBytes, requests } = record;
        const errors = record.errors?.map(({ code, message }) => ({ code, message }));
        const numbers = { wallMs, cpuMs, heapBytes, requests };
        return { ...runOf(record), version, startedAt, endedAt, outcome, fault, errors, ...numbers };
      });
    },
  };
}

const parts = ['integration', ...recordKinds, 'state'] as const;

export function publishIntegrations(feed: Feed): (change: StoreChange) => void {
  return ({ integrationId, before, after }) => {
    // A renewed token and the checkpoint of a job concern nobody.
    if (before && after && !parts.some((part) => isChanged(part, before, after))) return;
    feed.publish(after ? 'integration.changed' : 'integration.removed', integrationId, () => {
      const { _connectorId, name, tag, mode, version } = (after ?? (before as Document)).integration.head;
      // Documents share unchanged parts, so comparing references is enough.
      const changed = after ? parts.filter((part) => isChanged(part, before, after)) : undefined;
      return { _integrationId: integrationId, _connectorId, name, tag, mode, version, changed };
    });
  };
}

function isChanged(part: (typeof parts)[number], before: Document | undefined, after: Document): boolean {
  return before?.[part] !== after[part] || (part === 'integration' && before?.settings !== after.settings);
}

/** A connection that its OAuth provider has refused, or that works again. */
export function publishConnections(feed: Feed): (event: OfflineEvent) => void {
  return ({ integrationId, connectionId, name, refusal }) => {
    feed.publish(refusal ? 'connection.offline' : 'connection.online', integrationId, () => {
      const problem = refusal && { error: refusal.error, description: refusal.description };
      return { _integrationId: integrationId, _connectionId: connectionId, name, ...problem };
    });
  };
}

/** Jobs of flows. */
export function publishJobs(feed: Feed) {
  const publish = (name: 'job.started' | 'job.progress' | 'job.ended') => (job: Job) =>
    feed.publish(name, job._integrationId, () => {
      const { _id: _jobId, _integrationId, _flowId, type, status, startedAt, endedAt, errors } = job;
      const { numSuccess, numError, numIgnore, numExport, numPagesProcessed } = job;
      const counts = { numSuccess, numError, numIgnore, numExport, numPagesProcessed };
      return { _jobId, _integrationId, _flowId, type, status, startedAt, endedAt, ...counts, errors };
    });
  return { onStarted: publish('job.started'), onProgress: publish('job.progress'), onEnded: publish('job.ended') };
}

export function publishConnectors(feed: Feed): Omit<CatalogEvents, 'onError'> {
  return {
    onLoaded({ _id, folder, manifest, bundle }) {
      feed.publish('connector.loaded', undefined, () => {
        const { name, version, connector } = manifest;
        return { _connectorId: _id, name, title: connector.title ?? name, version, folder, digest: bundle.digest };
      });
    },
    onHeld({ _id, folder, manifest, bundle }, adds) {
      feed.publish('connector.held', undefined, () => {
        return { _connectorId: _id, folder, version: manifest.version, digest: bundle.digest, adds };
      });
    },
    onUnloaded({ _id, folder }) {
      feed.publish('connector.unloaded', undefined, () => ({ _connectorId: _id, folder }));
    },
    onRefused({ _id, folder }, reasons) {
      feed.publish('connector.refused', undefined, () => ({
        _connectorId: _id,
        folder,
        errors: reasons.map(({ code, field, message }) => ({ code, field, message })),
      }));
    },
  };
}
