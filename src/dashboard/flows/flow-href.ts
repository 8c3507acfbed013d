import { integrationHref } from '../app/address.ts';

export const flowsHref = (integrationId: string): string => integrationHref(integrationId, 'flows');
export const flowHref = (integrationId: string, flowId: string): string => `${flowsHref(integrationId)}/${flowId}`;
export const jobHref = ({ _integrationId, _flowId, _id }: JobAddress): string =>
  `${flowHref(_integrationId, _flowId)}/${_id}`;

interface JobAddress {
  readonly _integrationId: string;
  readonly _flowId: string;
  readonly _id: string;
}
