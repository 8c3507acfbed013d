/**
 * One job on this node: reads pages and sends them through the flow's steps, each as a run, until there are no more. A
 * page's results and the place where the next begins are one commit.
 */
import { hash } from 'node:crypto';
import { requestError } from '../errors.ts';
import { failureOf } from '../integration/run-error.ts';
import type { Service } from '../integration/service.ts';
import type { JsonObject } from '../json.ts';
import { factsOf } from '../record/record-tasks.ts';
import { recordOf } from '../record/records.ts';
import { activeStatuses, type JobStore, type StoredJobError } from '../store/jobs.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import { type Checkpoint, checkpointOf, type JobCheckpoint, noTotals, plus, putCheckpoint } from './checkpoint.ts';
import { definitionOf, type FlowDefinition, recordsIn } from './definition.ts';
import type { Generated, PageError, Paused, Processed, StepCounts, WentOffline } from './engine-answer.ts';
import { argumentText, RecordTexts } from './engine-argument.ts';
import { connectorFor, generate, processPage } from './engine-calls.ts';
import { hasEnded, type Job, type JobStep } from './job.ts';
import { flowLimits } from './limits.ts';
import { readAhead } from './read-ahead.ts';
import { repeated } from './repeat.ts';
import { exportPages, failedRecords, type PageRequest, type SourcePage } from './sources.ts';

export interface JobRunParts {
  readonly service: Service;
  readonly jobs: JobStore;
  /** The job's record has changed. */
  readonly onProgress: (job: Job) => void;
  /** An application has refused a connection, or taken it again. @param refusal undefined if it works */
  readonly markConnection: (integrationId: string, connectionId: string, refusal: string | undefined) => Promise<void>;
}

/** Everything that one page needs, read from the integration as it is now. */
interface Scene {
  readonly unit: UnitOfWork;
  readonly definition: FlowDefinition;
  readonly checkpoint: Checkpoint;
}

export class JobRun {
  readonly #parts: JobRunParts;
  readonly #texts: RecordTexts;
  readonly #cancelled = new AbortController();
  /** Ids of the runs that are running. */
  readonly #runs = new Set<string>();
  #job: Job;
  #progressAt = 0;
  #errorsStored = 0;

  constructor(parts: JobRunParts, job: Job) {
    this.#parts = parts;
    this.#job = job;
    this.#texts = new RecordTexts(parts.service, { owner: job._connectorId ?? 'users', charge() {} });
  }

  get integrationId(): string {
    return this.#job._integrationId;
  }

  cancel(): void {
    this.#cancelled.abort();
    const { runs } = this.#parts.service.dispatcher;
    for (const runId of this.#runs) void runs.cancel(this.#job._integrationId, runId);
  }

  /**
   * Runs the job to its end. If the node stops meanwhile, the page in hand is finished and the job stays as it is.
   *
   * @throws StoreError if the end cannot be stored
   */
  async run(stop: AbortSignal): Promise<void> {
    if (this.#job.status === 'canceling') this.cancel();
    try {
      const isDone = await this.#pages(AbortSignal.any([stop, this.#cancelled.signal]));
      if (isDone) await this.#end('completed');
      else if (this.#cancelled.signal.aborted) await this.#end('canceled');
    } catch (error) {
      if (this.#cancelled.signal.aborted) return this.#end('canceled');
      if (stop.aborted) return;
      const problems = failureOf(error).errors.map(({ code, message }) => ({ code, message }));
      await this.#end('failed', problems);
    }
  }

  /** @returns false if the signal ended it early */
  async #pages(signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const { definition, job } = await this.#begin();
    if (job.isComplete) return true;
    this.#errorsStored = await this.#parts.jobs.countErrors(this.#job._id);
    const source = this.#sourceOf(definition, job, signal);
    for await (const page of readAhead(source, flowLimits.pagesAhead)) {
      if (signal.aborted) return false;
      await this.#take(page, signal);
    }
    await this.#complete();
    return true;
  }

  /** Goes on where an earlier process stopped, or begins. */
  async #begin(): Promise<{ readonly definition: FlowDefinition; readonly job: JobCheckpoint }> {
    const { service } = this.#parts;
    const { _id, _integrationId, _flowId } = this.#job;
    const now = service.now().toISOString();
    const begun = await UnitOfWork.change(service.store, _integrationId, (unit) => {
      if (!unit.integration) throw requestError('not_found', { message: 'The integration has been removed.' });
      const definition = definitionOf(unit, _flowId);
      const checkpoint = checkpointOf(unit, _flowId);
      if (checkpoint.job?._id === _id) return { definition, job: checkpoint.job };
      const totals = noTotals(definition.generators.length, definition.processors.length);
      const job: JobCheckpoint = {
        _id,
        startedAt: now,
        position: { generator: 0, pageIndex: 0 },
        totals,
        isComplete: false,
      };
      putCheckpoint(unit, _flowId, { ...checkpoint, job });
      return { definition, job };
    });
    await this.#update(
      {
        ...this.#job,
        status: 'running',
        startedAt: begun.job.startedAt,
        ...this.#countsOf(begun.definition, begun.job),
      },
      true,
    );
    return begun;
  }

  #sourceOf({ generators }: FlowDefinition, { position }: JobCheckpoint, signal: AbortSignal) {
    const { jobs } = this.#parts;
    if (this.#job.type === 'retry') return failedRecords(this.#job, position, jobs);
    const { exportIds } = this.#job;
    const steps = generators.map(({ exportId, isWebhook }) =>
      exportIds && !exportIds.includes(exportId) ? undefined : { exportId, isWebhook },
    );
    return exportPages(steps, position, jobs, (request) => this.#generate(request, signal));
  }

  async #generate(request: PageRequest, signal: AbortSignal): Promise<Generated> {
    const result = await repeated(async () => {
      const scene = await this.#scene();
      const { unit, definition } = scene;
      const { exportId } = definition.generators[request.generator] ?? {};
      const record = recordOf(unit, 'exports', exportId ?? '');
      const own = await this.#texts.of('exports', record);
      const connections = await this.#texts.connections(recordsIn(unit, definition).connections);
      const { received, state, pageIndex } = request;
      const body = argumentText(
        [
          ['"export":', own.text],
          ['"flow":', (await this.#texts.of('flows', definition.flow)).text],
          connections.pieces,
          ...(received ? [[`"received":[${received.join()}]`]] : []),
          ...(state === undefined ? [] : [[`"state":${JSON.stringify(state)}`]]),
        ],
        { ...this.#common(scene, exportId), pageIndex, testMode: record.head.type === 'test' },
      );
      return generate(this.#parts.service, await this.#request(scene, 'generate', body, connections.secrets));
    }, signal);
    return this.#orOffline(result);
  }

  async #take(page: SourcePage, signal: AbortSignal): Promise<void> {
    const { processors } = (await this.#scene()).definition;
    const hasWork = page.numRecords > 0 && processors.length > page.firstProcessor;
    if (hasWork) {
      await this.#orOffline(await repeated(() => this.#process(page), signal));
    } else {
      await this.#store(page, undefined);
      const { service } = this.#parts;
      await UnitOfWork.change(service.store, this.#job._integrationId, (unit) => this.#advance(unit, page, undefined));
    }
    await page.afterCommit?.();
    await this.#update(this.#job, false);
  }

  async #process(page: SourcePage): Promise<Processed | Paused | WentOffline> {
    const scene = await this.#scene();
    const { unit, definition } = scene;
    const { exports, imports, connections } = recordsIn(unit, definition);
    const made = await this.#texts.connections(connections);
    const processors: (string | Buffer)[] = ['"processors":['];
    for (const { type, id, fields } of definition.processors) {
      const kind = `${type}s` as const;
      const part = type === 'export' ? exports.get(id) : imports.get(id);
      const { responseMapping, hooks, proceedOnFailure } = fields as JsonObject;
      const own = JSON.stringify({ type, responseMapping, hooks, proceedOnFailure }).slice(0, -1);
      if (!part) throw requestError('conflict');
      processors.push(
        processors.length > 1 ? ',' : '',
        own,
        ',"record":',
        (await this.#texts.of(kind, part)).text,
        '}',
      );
    }
    processors.push(']');
    const { position } = scene.checkpoint.job as JobCheckpoint;
    const body = argumentText(
      [
        [
          '"data":',
          typeof page.data === 'string'
            ? page.data
            : Buffer.from(page.data.buffer, page.data.byteOffset, page.data.byteLength),
        ],
        ['"flow":', (await this.#texts.of('flows', definition.flow)).text],
        made.pieces,
        processors,
      ],
      {
        ...this.#common(scene, definition.generators[position.generator]?.exportId),
        pageIndex: position.pageIndex,
        firstProcessor: page.firstProcessor,
        idempotencyPrefix: `${this.#job._id}/${position.generator}/${position.pageIndex}`,
      },
    );
    const request = await this.#request(scene, 'process', body, made.secrets);
    return processPage(this.#parts.service, request, async (processed) => {
      await this.#store(page, processed);
      await page.beforeCommit?.();
      this.#advance(unit, page, processed);
    });
  }

  /** What both functions of the engine get. */
  #common({ checkpoint }: Scene, exportId: string | undefined): JsonObject {
    const { startDate, endDate, _id } = this.#job;
    const last = startDate ?? (exportId === undefined ? undefined : checkpoint.deltas[exportId]);
    const { pageRecords, pageBytes, pauseMs, pageErrors: errors } = flowLimits;
    return {
      _jobId: _id,
      currentExportDateTime: endDate ?? (checkpoint.job as JobCheckpoint).startedAt,
      ...(last === undefined ? {} : { lastExportDateTime: last }),
      limits: { pageRecords, pageBytes, pauseMs, errors },
    };
  }

  async #request(scene: Scene, name: 'generate' | 'process', body: Buffer, secrets: readonly string[]) {
    const { service } = this.#parts;
    this.#cancelled.signal.throwIfAborted();
    return {
      unit: scene.unit,
      connector: await connectorFor(service, scene.unit),
      function: name,
      lane: `${this.#job._flowId} ${name}`,
      body,
      secrets,
      onStarted: (runId: string) => {
        this.#runs.add(runId);
        if (this.#runs.size > RUNS_REMEMBERED) this.#runs.delete(this.#runs.values().next().value as string);
      },
    } as const;
  }

  async #scene(): Promise<Scene> {
    const { _integrationId, _flowId } = this.#job;
    const unit = await UnitOfWork.open(this.#parts.service.store, _integrationId);
    if (!unit.integration) throw requestError('not_found', { message: 'The integration has been removed.' });
    return { unit, definition: definitionOf(unit, _flowId), checkpoint: checkpointOf(unit, _flowId) };
  }

  async #orOffline<T extends { readonly kind: string }>(result: T | WentOffline): Promise<Exclude<T, WentOffline>> {
    if (result.kind !== 'offline') return result as Exclude<T, WentOffline>;
    const { connectionId, message } = result as WentOffline;
    await this.#parts.markConnection(this.#job._integrationId, connectionId, message);
    throw requestError('connection_offline', { message });
  }

  /** Stores the page's errors. They replace those of a first try that was cut off. */
  async #store(page: SourcePage, processed: Processed | undefined): Promise<void> {
    const errors = [...page.errors, ...(processed?.errors ?? [])];
    const number = this.#job.numPagesProcessed;
    const stored = errors
      .slice(0, Math.max(0, flowLimits.jobErrors - this.#errorsStored))
      .map((error) => this.#errorOf(error, number));
    if (stored.length > 0) await this.#parts.jobs.putErrors(this.#job, number, stored);
    this.#errorsStored += stored.length;
  }

  #errorOf({ error, data, step }: PageError, page: number): StoredJobError {
    const { service } = this.#parts;
    return {
      _id: service.dispatcher.ids(),
      jobId: this.#job._id,
      page,
      isResolved: false,
      error: { ...error, createdAt: service.now().toISOString(), ...(step === undefined ? {} : { step }) },
      ...(data === undefined ? {} : { data }),
    };
  }

  /** Puts the place of the next page, and the totals, into the unit. */
  #advance(unit: UnitOfWork, page: SourcePage, processed: Processed | undefined): void {
    const { _flowId, _id } = this.#job;
    const checkpoint = checkpointOf(unit, _flowId);
    const { job } = checkpoint;
    if (job?._id !== _id) throw requestError('conflict');
    const { totals } = job;
    const numExport = totals.numExport + page.numRecords;
    if (numExport > flowLimits.jobRecords) {
      throw requestError('response_size_exceeded', {
        message: `A job exports at most ${flowLimits.jobRecords} records.`,
      });
    }
    const read: StepCounts = {
      numSuccess: page.numRecords,
      numError: page.errors.length + page.errorsDropped,
      numIgnore: 0,
    };
    const next: JobCheckpoint = {
      ...job,
      position: page.next,
      totals: {
        numExport,
        pages: totals.pages + 1,
        exports: page.generator === undefined ? totals.exports : plus(totals.exports, [read], page.generator),
        processors: plus(totals.processors, processed?.steps ?? [], page.firstProcessor),
      },
    };
    putCheckpoint(unit, _flowId, { ...checkpoint, job: next });
    this.#job = { ...this.#job, ...this.#countsOf(definitionOf(unit, _flowId), next) };
  }

  #countsOf({ generators, processors }: FlowDefinition, { totals }: JobCheckpoint) {
    const steps: JobStep[] = [
      ...generators.map(({ exportId }, index) => ({ type: 'export', _exportId: exportId, ...totals.exports[index] })),
      ...processors.map(({ type, id }, index) => ({
        type,
        ...(type === 'export' ? { _exportId: id } : { _importId: id }),
        ...totals.processors[index],
      })),
    ].map((step, index) => ({ _id: stepId(this.#job._id, index), ...step }) as JobStep);
    const sum = (name: keyof StepCounts): number => totals.processors.reduce((all, step) => all + step[name], 0);
    const exportErrors = totals.exports.reduce((all, step) => all + step.numError, 0);
    return {
      steps,
      numSuccess: sum('numSuccess'),
      numError: sum('numError') + exportErrors,
      numIgnore: sum('numIgnore'),
      numExport: totals.numExport,
      numPagesGenerated: totals.pages,
      numPagesProcessed: totals.pages,
      numOpenError: this.#errorsStored,
      retriable: this.#errorsStored > 0,
    };
  }

  /** Every page is stored: deltas go on from here next time. */
  async #complete(): Promise<void> {
    const { service, markConnection } = this.#parts;
    const { unit: before, definition } = await this.#scene();
    for (const { head } of recordsIn(before, definition).connections.values()) {
      if (head.offline === true) await markConnection(this.#job._integrationId, head._id, undefined);
    }
    const { _flowId, _integrationId, type, endDate, exportIds } = this.#job;
    await UnitOfWork.change(service.store, _integrationId, (unit) => {
      const checkpoint = checkpointOf(unit, _flowId);
      const { job } = checkpoint;
      if (!job) throw requestError('conflict');
      const { generators, flow } = definitionOf(unit, _flowId);
      const read = type === 'retry' ? [] : generators.filter(({ exportId }) => exportIds?.includes(exportId) ?? true);
      const until = endDate ?? job.startedAt;
      const deltas = { ...checkpoint.deltas, ...Object.fromEntries(read.map(({ exportId }) => [exportId, until])) };
      putCheckpoint(unit, _flowId, { deltas, job: { ...job, isComplete: true } });
      unit.putRecord('flows', factsOf({ ...flow.value, lastExecutedAt: job.startedAt }));
    });
  }

  async #end(status: 'completed' | 'failed' | 'canceled', errors?: Job['errors']): Promise<void> {
    const { jobs, service } = this.#parts;
    const now = service.now().toISOString();
    const open = await jobs.countErrors(this.#job._id, false);
    const ended: Job = {
      ...this.#job,
      status,
      endedAt: now,
      doneExporting: status === 'completed',
      numOpenError: open,
      retriable: open > 0,
      ...(errors ? { errors } : {}),
    };
    await this.#update(ended, true);
  }

  /** @param isImportant write and publish at once */
  async #update(job: Job, isImportant: boolean): Promise<void> {
    const { jobs, service, onProgress } = this.#parts;
    const at = performance.now();
    this.#job = { ...job, lastModified: service.now().toISOString() };
    if (!isImportant && at - this.#progressAt < flowLimits.progressMs) return;
    this.#progressAt = at;
    // Progress must not hide that the job is to be cancelled.
    const isStored = await jobs.update(this.#job, hasEnded(job) ? activeStatuses : ['queued', 'running', 'retrying']);
    if (isStored) onProgress(this.#job);
    else this.cancel();
  }
}

/** Runs of a job that may still be running: one of each function, with room for those that have ended. */
const RUNS_REMEMBERED = 4;

/** The id of a step: the same whenever it is made. */
const stepId = (jobId: string, index: number): string => hash('sha256', `${jobId}/${index}`).slice(0, 24);
