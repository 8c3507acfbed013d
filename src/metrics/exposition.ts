/** The text that Prometheus reads, by prom-client: loaded when the metrics are first asked for. */
import { Counter, Gauge, type Metric, Registry } from 'prom-client';
import type { Counts } from './counts.ts';
import type { Durations } from './durations.ts';
import { registerProcessMetrics } from './process-metrics.ts';
import type { Readings } from './readings.ts';

/** @param counted what was counted by hand, in the order in which it is shown */
export function registryOf(counted: readonly (Counts | Durations)[], readings: Readings): Registry {
  const registry = new Registry();
  const registers = [registry];
  // Of a metric, a registry uses the name and `get`.
  for (const metric of counted) registry.registerMetric(metric as unknown as Metric);
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
      this.inc(readings.events().published);
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
  return registry;
}
