/** Where gauges get their values from at each scrape. */
export interface GaugeSources {
  /** This node's name, if it has one. */
  readonly node?: string | undefined;
  usage(): { readonly runsInFlight: number; readonly runsWaiting: number; readonly compartments: number };
  /** Events published so far, and open connections to `/events`. */
  events(): { readonly published: number; readonly followers: number };
  /** Bundles by status. */
  connectors(): Readonly<Record<string, number>>;
}
