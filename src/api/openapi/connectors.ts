/** `/connectors`. */
import Type from '#typebox';
import { ApproveBody, TARBALL_TYPES, UpdateBody } from '../connectors.ts';
import type { Operation } from './operation.ts';
import { bodyErrors, none, notModified, page, pageOf, runErrors } from './replies.ts';
import { Connector, flags, InstallBaseRow } from './schemas.ts';

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
    method: 'put',
    path: '/connectors',
    tag: 'connectors',
    summary: 'Uploads a bundle as an npm-style tarball',
    description: 'All of it is checked first, and it is tried; what does not pass changes nothing.',
    body: { schema: Type.Unknown(), types: TARBALL_TYPES, isRequired: true },
    replies: {
      200: { description: 'It replaces an earlier upload.', schema: Connector, headers: ['Location'] },
      201: { description: 'It is new.', schema: Connector, headers: ['Location'] },
    },
    errors: [...bodyErrors, 'overloaded'],
    // What is wrong with a bundle has codes of its own.
    passesOn: 'errors',
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
    method: 'delete',
    path: '/connectors/{_id}',
    tag: 'connectors',
    summary: 'Removes an uploaded bundle',
    query: [flags(['force', 'Although integrations use it.'])],
    replies: { 204: none },
    errors: ['not_found', 'not_uploaded', 'has_dependencies'],
  },
  {
    method: 'post',
    path: '/connectors/{_id}/approve',
    tag: 'connectors',
    summary: 'Lets a version serve that asks for more than was accepted',
    body: { schema: ApproveBody, isRequired: true },
    replies: { 200: { description: 'The connector.', schema: Connector } },
    errors: [...bodyErrors, 'not_found', 'conflict'],
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
