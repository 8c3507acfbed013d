/** Builds prom-client's registry. Loaded at the first scrape. */
import { Counter, Gauge, type Metric, Registry } from 'prom-client';
import type { DurationHistogram } from './duration-histogram.ts';
import type { GaugeSources } from './gauge-sources.ts';
import type { LabeledCounter } from './labeled-counter.ts';
import { registerProcessMetrics } from './process-metrics.ts';

/** @param metrics our own counters and histograms, in the order of the output */
export function registryOf(metrics: readonly (LabeledCounter | DurationHistogram)[], sources: GaugeSources): Registry {
  const registry = new Registry();
  const registers = [registry];
  // A registry uses only the name and `get` of a metric.
  for (const metric of metrics) registry.registerMetric(metric as unknown as Metric);
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
  const { node } = sources;
  if (node !== undefined) {
    const info = { name: 'bulkhead_node_info', help: 'Names this node; always 1.', labelNames: ['node'], registers };
    new Gauge(info).set({ node }, 1);
  }
  gauge('bulkhead_runs_in_flight', 'Runs in flight.', () => sources.usage().runsInFlight);
  gauge('bulkhead_runs_waiting', 'Runs waiting in the queue.', () => sources.usage().runsWaiting);
  gauge('bulkhead_compartments', 'Compartments, including the prewarmed one.', () => sources.usage().compartments);
  gauge('bulkhead_event_followers', 'Connections to /events.', () => sources.events().followers);
  new Counter({
    name: 'bulkhead_events_total',
    help: 'Events published, with or without followers.',
    registers,
    collect() {
      this.reset();
      this.inc(sources.events().published);
    },
  });
  new Gauge({
    name: 'bulkhead_connectors',
    help: 'Bundles by status, as GET /connectors shows it.',
    labelNames: ['status'],
    registers,
    collect() {
      for (const [status, count] of Object.entries(sources.connectors())) this.set({ status }, count);
    },
  });
  registerProcessMetrics(registry);
  return registry;
}
