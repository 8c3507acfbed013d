/** What the flow does with each event of the shop. The export names this function under `hooks`. */
import type { DataError, PreSavePageOptions, PreSavePageResult } from 'bulkhead/sdk';

/** What the shop sends. Without a type, records are any JSON. */
type Event = { type: string; order?: Order };
type Order = { id: string; total: number };

/** Leaves out events that are not about a new order. Reports an order without a total. */
export function acceptOrders({ data, errors }: PreSavePageOptions): PreSavePageResult {
  const created = (data as Event[]).flatMap(({ type, order }) => (type === 'order.created' && order ? [order] : []));
  const isComplete = ({ total }: Order): boolean => typeof total === 'number';
  const incomplete = created
    .filter((order) => !isComplete(order))
    .map(({ id }): DataError => ({ code: 'no_total', message: `The order ${id} has no total.` }));
  return { data: created.filter(isComplete), errors: [...errors, ...incomplete] };
}
