/** A counter by labels, for the way of a call. Made into prom-client's form when it is asked for. */
import type { MetricObjectWithValues, MetricValue } from 'prom-client';
import { AllSeries, type MetricOptions } from './series.ts';

export class Counts {
  readonly name: string;
  readonly #series: AllSeries<{ value: number }>;

  constructor(options: MetricOptions) {
    this.name = options.name;
    this.#series = new AllSeries(options, () => ({ value: 0 }));
  }

  /** @param labels in the order of their names; few different ones, none made from a request */
  add(...labels: readonly string[]): void {
    this.#series.of(labels).value++;
  }

  /** As prom-client's metrics answer. */
  async get(): Promise<MetricObjectWithValues<MetricValue<string>>> {
    return this.#series.described('counter', ({ labels, counted }) => [
      { labels: { ...labels }, value: counted.value },
    ]);
  }
}
