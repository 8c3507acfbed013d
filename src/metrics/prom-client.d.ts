/** Each module holds one default metric and registers it in the given registry. */
declare module 'prom-client/lib/metrics/*.js' {
  import type { Registry } from 'prom-client';
  export default function register(registry: Registry): void;
}
