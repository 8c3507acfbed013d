/**
 * Runs one job on this node: reads pages and sends each through the flow's steps, as runs. A page's results and the
 * next page's position are one commit.
 */
import { requestError } from '../errors.ts';
import { failureOf } from '../integration/run-error.ts';
import type { Service } from '../integration/service.ts';
import { activeStatuses, type JobStore } from '../store/jobs.ts';
import { UnitOfWork } from '../store/unit-of-work.ts';
import { afterPage, checkpointOf, type JobCheckpoint, noTotals, putCheckpoint } from './checkpoint.ts';
import { completeJob } from './complete-job.ts';
import { definitionOf, type FlowDefinition, recordsIn, stepIdsOf } from './definition.ts';
import type { Generated, Paused, Processed, WentOffline } from './engine-answer.ts';
import { RecordTexts } from './engine-argument.ts';
import { connectorFor, generate, processPage } from './engine-calls.ts';
import { hasEnded, type Job } from './job.ts';
import { countsOf } from './job-counts.ts';
import { JobErrors } from './job-errors.ts';
import { flowLimits } from './limits.ts';
import { generateArgument, type PageArgument, processArgument } from './page-arguments.ts';
import { readAhead } from './read-ahead.ts';
import { repeated } from './repeat.ts';
import { openScene, type Scene, sceneIn } from './scene.ts';
import { exportPages, failedRecords, type PageRequest, type SourcePage } from './sources.ts';

export interface JobRunParts {
  readonly service: Service;
  readonly jobs: JobStore;
  /** This node's name. */
  readonly node?: string | undefined;
  /** See `Lanes`. */
  readonly lane: number;
  /** The job's record has changed. */
  readonly onProgress: (job: Job) => void;
  /** An application has refused a connection, or accepts it again. @param refusal undefined if it works */
  readonly markConnection: (integrationId: string, connectionId: string, refusal: string | undefined) => Promise<void>;
  readonly onError: (error: unknown, jobId: string) => void;
}

/** Another node runs the job. */
class TakenOver extends Error {
  override readonly name = 'TakenOver';
}

export class JobRun {
  readonly #parts: JobRunParts;
  readonly #texts: RecordTexts;
  readonly #cancelled = new AbortController();
  /** Ids of its running runs. */
  readonly #runs = new Set<string>();
  #job: Job;
  /** The job as it will be once the current page is committed. */
  #advanced: Job;
  #progressAt = 0;
  readonly #errors: JobErrors;
  /** JSON of the next page's position, as last stored here. */
  #position = '';

  constructor(parts: JobRunParts, job: Job) {
    this.#parts = parts;
    this.#job = job;
    this.#advanced = job;
    this.#errors = new JobErrors(parts);
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
   * Runs the job to its end. If the node stops, the current page is finished and the job stays open.
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
      if (error instanceof TakenOver) return;
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
    this.#position = JSON.stringify(job.position);
    await this.#errors.begin(this.#job, job.totals.errorChars ?? 0);
    // Reading ahead may be pausing for an hour. End that if this page fails.
    const failed = new AbortController();
    const source = this.#sourceOf(definition, job, AbortSignal.any([signal, failed.signal]));
    for await (const page of readAhead(source, flowLimits.pagesAhead)) {
      if (signal.aborted) return false;
      try {
        await this.#take(page, signal);
      } catch (error) {
        failed.abort();
        throw error;
      }
    }
    await this.#complete();
    return true;
  }

  /** Starts the job, or resumes where an earlier process stopped. */
  async #begin(): Promise<{ readonly definition: FlowDefinition; readonly job: JobCheckpoint }> {
    const { service, node } = this.#parts;
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
        steps: stepIdsOf(definition),
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
        ...(node === undefined ? {} : { node }),
        startedAt: begun.job.startedAt,
        ...countsOf(begun.definition, begun.job, this.#job.numOpenError),
      },
      true,
    );
    return begun;
  }

  #sourceOf({ generators, processors }: FlowDefinition, { position }: JobCheckpoint, signal: AbortSignal) {
    const { jobs } = this.#parts;
    if (this.#job.type === 'retry') return failedRecords(this.#job, position, processors, jobs.errors);
    const { exportIds } = this.#job;
    const steps = generators.map((generator) =>
      exportIds && !exportIds.includes(generator.exportId) ? undefined : generator,
    );
    return exportPages(steps, position, jobs.messages, (request) => this.#generate(request, signal));
  }

  async #generate(request: PageRequest, signal: AbortSignal): Promise<Generated> {
    const result = await repeated(async () => {
      const scene = await this.#scene();
      const argument = await generateArgument(this.#texts, this.#job, scene, request);
      return generate(this.#parts.service, await this.#request(scene, 'generate', argument));
    }, signal);
    return this.#orOffline(result);
  }

  async #take(page: SourcePage, signal: AbortSignal): Promise<void> {
    const scene = await this.#scene();
    this.#assertOwn(scene);
    if (page.numRecords > 0 && scene.definition.processors.length > page.firstProcessor) {
      await this.#orOffline(await repeated(() => this.#process(page), signal));
    } else {
      await this.#errors.put(this.#job, scene.definition, page, page.errors);
      const { store } = this.#parts.service;
      await UnitOfWork.change(store, this.integrationId, (unit) => this.#advance(unit, page, undefined));
    }
    this.#position = JSON.stringify(page.next);
    this.#errors.commit();
    await page.afterCommit?.();
    await this.#update(this.#advanced, false);
  }

  async #process(page: SourcePage): Promise<Processed | Paused | WentOffline> {
    const scene = await this.#scene();
    this.#assertOwn(scene);
    const argument = await processArgument(this.#texts, this.#job, scene, page);
    const request = await this.#request(scene, 'process', argument);
    return processPage(this.#parts.service, request, async (processed) => {
      await this.#errors.put(this.#job, scene.definition, page, [...page.errors, ...processed.errors]);
      this.#advance(scene.unit, page, processed);
    });
  }

  /** @throws TakenOver if another node has moved the checkpoint */
  #assertOwn({ checkpoint: { job } }: Scene): void {
    if (job?._id !== this.#job._id || JSON.stringify(job.position) !== this.#position) throw new TakenOver();
  }

  async #request({ unit }: Scene, name: 'generate' | 'process', { body, secrets }: PageArgument) {
    this.#cancelled.signal.throwIfAborted();
    return {
      unit,
      connector: await connectorFor(this.#parts.service, unit),
      function: name,
      lane: `${this.#parts.lane} ${name}`,
      body,
      secrets,
      onStarted: (runId: string) => {
        this.#runs.add(runId);
        if (this.#runs.size > RUNS_REMEMBERED) this.#runs.delete(this.#runs.values().next().value as string);
      },
    } as const;
  }

  #scene(): Promise<Scene> {
    return openScene(this.#parts.service.store, this.#job);
  }

  async #orOffline<T extends { readonly kind: string }>(result: T | WentOffline): Promise<Exclude<T, WentOffline>> {
    if (result.kind !== 'offline') return result as Exclude<T, WentOffline>;
    const { connectionId, message } = result as WentOffline;
    await this.#mark(connectionId, message);
    throw requestError('connection_offline', { message });
  }

  /** Best effort: an error does not affect the job's end. */
  async #mark(connectionId: string, refusal: string | undefined): Promise<void> {
    const { markConnection, onError } = this.#parts;
    const { _id, _integrationId } = this.#job;
    await markConnection(_integrationId, connectionId, refusal).catch((error) => onError(error, _id));
  }

  /** Puts the next page's position and the totals into the unit. */
  #advance(unit: UnitOfWork, page: SourcePage, processed: Processed | undefined): void {
    const { _flowId } = this.#job;
    const scene = sceneIn(unit, _flowId);
    this.#assertOwn(scene);
    const { checkpoint, definition } = scene;
    const next = afterPage(checkpoint.job as JobCheckpoint, page, processed?.steps ?? [], this.#errors.chars);
    putCheckpoint(unit, _flowId, { ...checkpoint, job: next });
    this.#advanced = { ...this.#job, ...countsOf(definition, next, this.#errors.count) };
  }

  /** Call it once all pages are committed. */
  async #complete(): Promise<void> {
    const { service } = this.#parts;
    const { unit: before, definition } = await this.#scene();
    for (const { head } of recordsIn(before, definition).connections.values()) {
      if (head.offline === true) await this.#mark(head._id, undefined);
    }
    await UnitOfWork.change(service.store, this.integrationId, (unit) => completeJob(unit, this.#job));
  }

  async #end(status: 'completed' | 'failed' | 'canceled', errors?: Job['errors']): Promise<void> {
    const { jobs, service } = this.#parts;
    const now = service.now().toISOString();
    await this.#errors.discard(this.#job);
    const open = await jobs.errors.count(this.#job._id, false);
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

  /** @param isImportant write and publish immediately */
  async #update(job: Job, isImportant: boolean): Promise<void> {
    const { jobs, service, onProgress } = this.#parts;
    const at = performance.now();
    this.#job = { ...job, lastModified: service.now().toISOString() };
    if (!isImportant && at - this.#progressAt < flowLimits.progressMs) return;
    this.#progressAt = at;
    // A progress update must not overwrite `canceling`.
    const isStored = await jobs.update(this.#job, hasEnded(job) ? activeStatuses : ['queued', 'running', 'retrying']);
    if (isStored) onProgress(this.#job);
    else this.cancel();
  }
}

/** At most two are running, one of each function; the others have just ended. */
const RUNS_REMEMBERED = 4;
