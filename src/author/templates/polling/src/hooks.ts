/** What the flow does with each page of orders. The records name these functions under `hooks`. */
import type {
  MapResult,
  PostSubmitOptions,
  PreMapOptions,
  PreSavePageOptions,
  PreSavePageResult,
  ResponseData,
} from 'bulkhead/sdk';

/** The shop's orders. Without a type, records are any JSON. */
type Order = { id: string; status: string; total: number; email?: string };

/** The page may become shorter. */
export function dropDrafts({ data, errors }: PreSavePageOptions): PreSavePageResult {
  return { data: (data as Order[]).filter(({ status }) => status !== 'draft'), errors };
}

/** One entry for each order, in the same order: the record, or why it is not sent. */
export function addCustomer({ data }: PreMapOptions): MapResult[] {
  return (data as Order[]).map((order) =>
    order.email === undefined
      ? { errors: [{ code: 'no_customer', message: `The order ${order.id} has no e-mail address.` }] }
      : { data: { ...order, customer: order.email.toLowerCase() } },
  );
}

/** Explains the ledger's refusals. */
export function explainRefusals({ preMapData, responseData }: PostSubmitOptions): ResponseData[] {
  return responseData.map((result, i) =>
    result.statusCode === 422
      ? { ...result, errors: [{ code: 'refused', message: `The ledger refused the order ${preMapData[i]?.id}.` }] }
      : result,
  );
}
