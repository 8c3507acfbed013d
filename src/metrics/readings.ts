/** Figures of other rooms, read when somebody asks for the metrics. */
export interface Readings {
  usage(): { readonly runsInFlight: number; readonly runsWaiting: number; readonly compartments: number };
  /** Events published so far, and open connections to `/events`. */
  events(): { readonly published: number; readonly followers: number };
  /** Bundles by status. */
  connectors(): Readonly<Record<string, number>>;
}
