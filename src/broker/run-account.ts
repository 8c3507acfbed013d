/** Who pays for a run's requests: its connector. */
import type { Account } from '../work/work.ts';

export class RunAccount implements Account {
  readonly owner: string;
  /** CPU time of the runtime for the run's requests, in milliseconds. */
  cpuMs = 0;
  onCharge: ((cpuMs: number) => void) | undefined;

  constructor(connectorId: string) {
    this.owner = connectorId;
  }

  charge(cpuMs: number): void {
    if (cpuMs <= 0) return;
    this.cpuMs += cpuMs;
    this.onCharge?.(cpuMs);
  }
}
