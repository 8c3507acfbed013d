/** What is counted, for Prometheus. One registry per runtime; no label has an id, a path or a connector's words. */
import { Counter, Gauge, Registry } from 'prom-client';
import { Durations } from './durations.ts';
import { registerProcessMetrics } from './process-metrics.ts';

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** What is looked at when the metrics are asked for. */
export interface Readings {
  usage(): { readonly runsInFlight: number; readonly runsWaiting: number; readonly compartments: number };
  /** Events that were told, and connections that follow them. */
  events(): { readonly told: number; readonly followers: number };
  /** How many there are of each status. */
  connectors(): Readonly<Record<string, number>>;
}

export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Durations;
  readonly #runDurations: Durations;
  readonly #commits: Durations;
  readonly #runs: Counter<'section' | 'outcome' | 'fault'>;
  readonly #rateLimited: Counter<'reason'>;

  constructor(readings: Readings) {
    const registry = this.#registry;
    const registers = [registry];
    this.#requests = new Durations({
      name: 'bulkhead_http_request_duration_seconds',
      help: 'Time from the request to the last byte of its reply, by route and class of status.',
      labelNames: ['method', 'route', 'status'],
      registry,
    });
    this.#runs = new Counter({
      name: 'bulkhead_runs_total',
      help: 'Runs of connector functions that have ended; fault is empty unless the outcome is faulted.',
      labelNames: ['section', 'outcome', 'fault'],
      registers,
    });
    this.#runDurations = new Durations({
      name: 'bulkhead_run_duration_seconds',
      help: 'Wall time of runs of connector functions, waiting for a turn included.',
      labelNames: ['section', 'outcome'],
      registry,
    });
    this.#commits = new Durations({
      name: 'bulkhead_store_commit_duration_seconds',
      help: 'Time until a commit is durable; result is committed, conflict, refused or failed.',
      labelNames: ['result'],
      registry,
    });
    this.#rateLimited = new Counter({
      name: 'bulkhead_rate_limited_requests_total',
      help: 'Requests that were answered with 429.',
      labelNames: ['reason'],
      registers,
    });
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    };
    gauge('bulkhead_runs_in_flight', 'Runs that go on.', () => readings.usage().runsInFlight);
    gauge('bulkhead_runs_waiting', 'Runs that wait for a turn.', () => readings.usage().runsWaiting);
    gauge('bulkhead_compartments', 'Compartments, the spare one included.', () => readings.usage().compartments);
    gauge('bulkhead_event_followers', 'Connections to /events.', () => readings.events().followers);
    new Counter({
      name: 'bulkhead_events_total',
      help: 'Events that were told, whether anybody followed or not.',
      registers,
      collect() {
        this.reset();
        this.inc(readings.events().told);
      },
    });
    new Gauge({
      name: 'bulkhead_connectors',
      help: 'Bundles by status, as GET /connectors shows it.',
      labelNames: ['status'],
      registers,
      collect() {
        for (const [status, count] of Object.entries(readings.connectors())) this.set({ status }, count);
      },
    });
    registerProcessMetrics(registry);
  }

  /** @param route as it stands in the API's description, or `none` */
  requestEnded(method: string, route: string, status: number, ms: number): void {
    this.#requests.observe(ms, METHODS.includes(method) ? method : 'other', route, classOf(status));
  }

  runEnded(section: string, outcome: string, fault: string, ms: number): void {
    this.#runs.inc({ section, outcome, fault });
    this.#runDurations.observe(ms, section, outcome);
  }

  committed(result: 'committed' | 'conflict' | 'refused' | 'failed', ms: number): void {
    this.#commits.observe(ms, result);
  }

  rateLimited(reason: 'requests' | 'tokens'): void {
    this.#rateLimited.inc({ reason });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

const classOf = (status: number): string => CLASSES[Math.floor(status / 100)] ?? 'other';
const CLASSES = ['other', '1xx', '2xx', '3xx', '4xx', '5xx'];
