/** The default metrics one by one: each registers itself where it is told to. */
declare module 'prom-client/lib/metrics/*.js' {
  import type { Registry } from 'prom-client';
  export default function register(registry: Registry): void;
}
