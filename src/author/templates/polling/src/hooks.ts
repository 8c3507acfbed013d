/** What the flow does with each page of orders. The records name these functions under `hooks`. */
import type {
  MapReply,
  PostSubmitOptions,
  PreMapOptions,
  PreSavePageOptions,
  PreSavePageReply,
  SubmitResult,
} from 'bulkhead/sdk';

type Order = { id: string; status: string; total: number; email?: string };
type CustomerOrder = Order & { customer: string };

/** The page that goes on may be shorter than the one that was read. */
export function dropDrafts({ data, errors }: PreSavePageOptions<Order>): PreSavePageReply<Order> {
  return { data: data.filter(({ status }) => status !== 'draft'), errors };
}

/** One entry for each order, in the same order: the record, or why it is not sent. */
export function addCustomer({ data }: PreMapOptions<Order>): MapReply<CustomerOrder> {
  return data.map((order) =>
    order.email === undefined
      ? { errors: [{ code: 'no_customer', message: `The order ${order.id} has no e-mail address.` }] }
      : { data: { ...order, customer: order.email.toLowerCase() } },
  );
}

/** The ledger's answers, in words that help. */
export function explainRefusals({ preMapData, responseData }: PostSubmitOptions<Order>): readonly SubmitResult[] {
  return responseData.map((result, i) =>
    result.statusCode === 422
      ? { ...result, errors: [{ code: 'refused', message: `The ledger refused the order ${preMapData[i]?.id}.` }] }
      : result,
  );
}
