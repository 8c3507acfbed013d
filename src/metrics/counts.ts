/** A counter by labels, for the way of a call. Made into prom-client's form when it is asked for. */
import type { MetricObjectWithValues, MetricValue } from 'prom-client';

export interface CountsOptions {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  value: number;
}

export class Counts {
  readonly name: string;
  readonly #help: string;
  readonly #labelNames: readonly string[];
  readonly #series = new Map<string, Series>();

  constructor({ name, help, labelNames }: CountsOptions) {
    this.name = name;
    this.#help = help;
    this.#labelNames = labelNames;
  }

  /** @param labels in the order of their names; few different ones, none made from a request */
  add(...labels: readonly string[]): void {
    const key = labels.join(' ');
    const series = this.#series.get(key);
    if (series) series.value++;
    else this.#series.set(key, { labels: this.#named(labels), value: 1 });
  }

  #named(labels: readonly string[]): Series['labels'] {
    return Object.fromEntries(this.#labelNames.map((name, index) => [name, labels[index] ?? '']));
  }

  /** As prom-client's metrics answer. */
  async get(): Promise<MetricObjectWithValues<MetricValue<string>>> {
    return {
      name: this.name,
      help: this.#help,
      type: 'counter' as never,
      aggregator: 'sum',
      collect: () => {},
      values: [...this.#series.values()].map(({ labels, value }) => ({ labels: { ...labels }, value })),
    };
  }
}
