/** What is counted, for Prometheus. One registry per runtime; no label has an id, a path or a connector's words. */
import type { Registry } from 'prom-client';
import { Counts } from './counts.ts';
import { Durations } from './durations.ts';
import type { Readings } from './readings.ts';

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

export class Metrics {
  readonly #readings: Readings;
  #registry: Promise<Registry> | undefined;
  readonly #requests: Durations;
  readonly #runDurations: Durations;
  readonly #commits: Durations;
  readonly #runs: Counts;
  readonly #rateLimited: Counts;

  constructor(readings: Readings) {
    this.#readings = readings;
    this.#requests = new Durations({
      name: 'bulkhead_http_request_duration_seconds',
      help: 'Time from the request to the last byte of its reply, by route and class of status.',
      labelNames: ['method', 'route', 'status'],
    });
    this.#runs = new Counts({
      name: 'bulkhead_runs_total',
      help: 'Runs of connector functions that have ended; fault is empty unless the outcome is faulted.',
      labelNames: ['section', 'outcome', 'fault'],
    });
    this.#runDurations = new Durations({
      name: 'bulkhead_run_duration_seconds',
      help: 'Wall time of runs of connector functions, waiting for a turn included.',
      labelNames: ['section', 'outcome'],
    });
    this.#commits = new Durations({
      name: 'bulkhead_store_commit_duration_seconds',
      help: 'Time until a commit is durable; result is committed, conflict, refused or failed.',
      labelNames: ['result'],
    });
    this.#rateLimited = new Counts({
      name: 'bulkhead_rate_limited_requests_total',
      help: 'Requests that were answered with 429.',
      labelNames: ['reason'],
    });
  }

  /** @param route as it stands in the API's description, or `none` */
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

  rateLimited(reason: 'requests' | 'tokens'): void {
    this.#rateLimited.add(reason);
  }

  /** In Prometheus' text format. */
  async exposition(): Promise<{ readonly contentType: string; readonly text: string }> {
    this.#registry ??= this.#load();
    const registry = await this.#registry;
    return { contentType: registry.contentType, text: await registry.metrics() };
  }

  async #load(): Promise<Registry> {
    const { registryOf } = await import('./exposition.ts');
    const counted = [this.#requests, this.#runs, this.#runDurations, this.#commits, this.#rateLimited];
    return registryOf(counted, this.#readings);
  }
}

const classOf = (status: number): string => CLASSES[Math.floor(status / 100)] ?? 'other';
const CLASSES = ['other', '1xx', '2xx', '3xx', '4xx', '5xx'];
