/** A counter with labels for the hot path. Converts to prom-client's format only when scraped. */
import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import { type MetricOptions, SeriesMap } from './series.ts';

export class LabeledCounter {
  readonly name: string;
  readonly #series: SeriesMap<{ value: number }>;

  constructor(options: MetricOptions) {
    this.name = options.name;
    this.#series = new SeriesMap(options, () => ({ value: 0 }));
  }

  /** @param labels in the order of `labelNames`; few distinct values, never taken from a request */
  add(...labels: readonly string[]): void {
    this.addMany(1, ...labels);
  }

  addMany(count: number, ...labels: readonly string[]): void {
    this.#series.of(labels).value += count;
  }

  /** Called by prom-client's registry. */
  async get(): Promise<MetricObjectWithValues<MetricValue<string>>> {
    return this.#series.toPromClient('counter', ({ labels, value }) => [{ labels: { ...labels }, value: value.value }]);
  }
}
