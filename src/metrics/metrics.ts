/** Prometheus metrics. One registry per runtime. No label holds an id, a path or text from a connector. */
import type { Registry } from 'prom-client';
import { DurationHistogram } from './duration-histogram.ts';
import type { GaugeSources } from './gauge-sources.ts';
import { LabeledCounter } from './labeled-counter.ts';

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

export class Metrics {
  readonly #sources: GaugeSources;
  #registry: Promise<Registry> | undefined;
  readonly #requests: DurationHistogram;
  readonly #runDurations: DurationHistogram;
  readonly #commits: DurationHistogram;
  readonly #runs: LabeledCounter;
  readonly #rateLimited: LabeledCounter;
  readonly #jobs: LabeledCounter;
  readonly #records: LabeledCounter;

  constructor(sources: GaugeSources) {
    this.#sources = sources;
    this.#requests = new DurationHistogram({
      name: 'bulkhead_http_request_duration_seconds',
      help: 'Time from the request to the last byte of the response, by route and status class.',
      labelNames: ['method', 'route', 'status'],
    });
    this.#runs = new LabeledCounter({
      name: 'bulkhead_runs_total',
      help: 'Finished runs of connector functions; fault is empty unless the outcome is faulted.',
      labelNames: ['section', 'outcome', 'fault'],
    });
    this.#runDurations = new DurationHistogram({
      name: 'bulkhead_run_duration_seconds',
      help: 'Wall time of runs of connector functions, including time in the queue.',
      labelNames: ['section', 'outcome'],
    });
    this.#commits = new DurationHistogram({
      name: 'bulkhead_store_commit_duration_seconds',
      help: 'Time until a commit is durable; result is committed, conflict, refused or failed.',
      labelNames: ['result'],
    });
    this.#rateLimited = new LabeledCounter({
      name: 'bulkhead_rate_limited_requests_total',
      help: 'Requests answered with 429.',
      labelNames: ['reason'],
    });
    this.#jobs = new LabeledCounter({
      name: 'bulkhead_jobs_total',
      help: 'Jobs of flows that have ended.',
      labelNames: ['status'],
    });
    this.#records = new LabeledCounter({
      name: 'bulkhead_job_records_total',
      help: 'Records of ended jobs; result is success, error or ignored.',
      labelNames: ['result'],
    });
  }

  /** @param route the path in the OpenAPI description, or `none` */
  requestEnded(method: string, route: string, status: number, ms: number): void {
    this.#requests.observe(ms, METHODS.includes(method) ? method : 'other', route, classOf(status));
  }

  runEnded(section: string, outcome: string, fault: string, ms: number): void {
    this.#runs.add(section, outcome, fault);
    this.#runDurations.observe(ms, section, outcome);
  }

  committed(result: 'committed' | 'conflict' | 'refused' | 'failed', ms: number): void {
    this.#commits.observe(ms, result);
  }

  jobEnded(
    status: string,
    records: { readonly success: number; readonly error: number; readonly ignored: number },
  ): void {
    this.#jobs.add(status);
    for (const [result, count] of Object.entries(records)) this.#records.addMany(count, result);
  }

  rateLimited(reason: 'requests' | 'tokens'): void {
    this.#rateLimited.add(reason);
  }

  /** Prometheus text format. */
  async exposition(): Promise<{ readonly contentType: string; readonly text: string }> {
    this.#registry ??= this.#load();
    const registry = await this.#registry;
    return { contentType: registry.contentType, text: await registry.metrics() };
  }

  async #load(): Promise<Registry> {
    const { registryOf } = await import('./exposition.ts');
    const metrics = [
      this.#requests,
      this.#runs,
      this.#runDurations,
      this.#commits,
      this.#rateLimited,
      this.#jobs,
      this.#records,
    ];
    return registryOf(metrics, this.#sources);
  }
}

const classOf = (status: number): string => CLASSES[Math.floor(status / 100)] ?? 'other';
const CLASSES = ['other', '1xx', '2xx', '3xx', '4xx', '5xx'];
