/** `/connectors`. */
import Type from 'typebox';
import { UpdateBody } from '../connectors.ts';
import type { Operation } from './operation.ts';
import { bodyErrors, notModified, page, pageOf, runErrors } from './replies.ts';
import { Connector, InstallBaseRow } from './schemas.ts';

export const connectorOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/connectors',
    tag: 'connectors',
    summary: 'Lists what can be installed, and what is wrong with what cannot',
    query: page,
    replies: pageOf(Connector, 'A page of connectors, by name.'),
  },
  {
    method: 'get',
    path: '/connectors/{_id}',
    tag: 'connectors',
    summary: 'Reads a connector',
    replies: { 200: { description: 'The connector.', schema: Connector } },
    errors: ['not_found'],
  },
  {
    method: 'get',
    path: '/connectors/{_id}/image',
    tag: 'connectors',
    summary: 'The image that the bundle brings along',
    headers: ['If-None-Match'],
    replies: {
      200: { description: 'The image.', schema: Type.Unknown(), type: 'image/*', headers: ['ETag'] },
      304: notModified,
    },
    errors: ['not_found'],
  },
  {
    method: 'get',
    path: '/connectors/{_id}/installBase',
    tag: 'connectors',
    summary: 'Lists where a connector is installed',
    query: page,
    replies: pageOf(InstallBaseRow, 'A page of rows.'),
    errors: ['not_found'],
  },
  {
    method: 'put',
    path: '/connectors/{_id}/update',
    tag: 'connectors',
    summary: 'Moves integrations to the version of the bundle that is there',
    description:
      'Each is updated or left as it was; the failures stand in the errors, by the index of the integration.',
    body: { schema: UpdateBody },
    replies: { 200: { description: 'All were updated.', schema: UpdateBody } },
    errors: [...bodyErrors, ...runErrors, 'not_found', 'update_in_progress'],
    passesOn: 'errors',
  },
];
