/** `/integrations`, and what belongs to one of them. */
import Type from '#typebox';
import { DiyBody, IntegrationChange } from '../../integration/integration.ts';
import { IntegrationFilters } from '../integrations.ts';
import { ProjectionQuery } from '../projection.ts';
import type { Operation } from './operation.ts';
import { bodyErrors, created, none, notModified, page, pageOf, tagged } from './replies.ts';
import { AnyJson, Dependencies, flags, Integration, orProjected, Run, StateKeys } from './schemas.ts';

export const integrationOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/integrations',
    tag: 'integrations',
    summary: 'Lists integrations, oldest first',
    query: [...page, IntegrationFilters],
    replies: pageOf(Integration, 'A page of integrations.'),
  },
  {
    method: 'post',
    path: '/integrations',
    tag: 'integrations',
    summary: 'Makes an integration without a connector',
    headers: ['Idempotency-Key'],
    body: { schema: DiyBody },
    replies: { 201: { description: 'The new integration.', schema: Integration, headers: created } },
    errors: [...bodyErrors, 'idempotency_mismatch', 'conflict'],
  },
  {
    method: 'get',
    path: '/integrations/{_id}',
    tag: 'integrations',
    summary: 'Reads an integration',
    query: [ProjectionQuery],
    headers: ['If-None-Match'],
    replies: {
      200: { description: 'The integration.', schema: orProjected(Integration), headers: tagged },
      304: notModified,
    },
    errors: ['not_found'],
  },
  {
    method: 'put',
    path: '/integrations/{_id}',
    tag: 'integrations',
    summary: 'Changes an integration; fields that are left out stay',
    headers: ['If-Match', 'If-None-Match'],
    body: { schema: IntegrationChange },
    replies: { 200: { description: 'The integration as it is now.', schema: Integration, headers: tagged } },
    errors: [...bodyErrors, 'not_found', 'precondition_failed', 'field_locked_by_integration_app', 'conflict'],
  },
  {
    method: 'delete',
    path: '/integrations/{_id}',
    tag: 'integrations',
    summary: 'Removes an integration',
    headers: ['If-Match', 'If-None-Match'],
    query: [
      flags(
        ['cascade', 'With all that it groups.'],
        ['force', 'With all that it groups, though a connector installed it, whose uninstaller is not asked.'],
      ),
    ],
    replies: { 204: none },
    errors: ['not_found', 'precondition_failed', 'has_dependencies', 'uninstall_required', 'conflict'],
  },
  {
    method: 'get',
    path: '/integrations/{_id}/dependencies',
    tag: 'integrations',
    summary: 'Lists what an integration groups',
    replies: { 200: { description: 'By kind.', schema: Dependencies } },
    errors: ['not_found'],
  },
];

export const stateOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/integrations/{_id}/state',
    tag: 'state',
    summary: "Lists the keys of a connector's own state",
    replies: { 200: { description: 'The keys.', schema: StateKeys } },
    errors: ['not_found'],
  },
  {
    method: 'get',
    path: '/integrations/{_id}/state/{key}',
    tag: 'state',
    summary: 'Reads a value',
    headers: ['If-None-Match'],
    replies: { 200: { description: 'The value.', schema: AnyJson, headers: tagged }, 304: notModified },
    errors: ['not_found', 'invalid_field'],
  },
  {
    method: 'put',
    path: '/integrations/{_id}/state/{key}',
    tag: 'state',
    summary: 'Writes a value',
    headers: ['If-Match', 'If-None-Match'],
    body: { schema: AnyJson, isRequired: false },
    replies: {
      200: {
        description: 'Whether it is new.',
        schema: Type.Enum(['Created', 'OK']),
        type: 'text/plain',
        headers: tagged,
      },
    },
    errors: ['not_found', 'invalid_field', 'precondition_failed', 'conflict'],
  },
  {
    method: 'delete',
    path: '/integrations/{_id}/state/{key}',
    tag: 'state',
    summary: 'Removes a value',
    headers: ['If-Match', 'If-None-Match'],
    replies: { 200: { description: 'Removed.', schema: Type.Literal('OK'), type: 'text/plain' } },
    errors: ['not_found', 'invalid_field', 'precondition_failed', 'conflict'],
  },
];

export const runOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/integrations/{_id}/runs',
    tag: 'runs',
    summary: 'Lists the last hundred runs, oldest first',
    query: page,
    replies: pageOf(Run, 'A page of runs.'),
    errors: ['not_found'],
  },
  {
    method: 'get',
    path: '/integrations/{_id}/runs/{runId}',
    tag: 'runs',
    summary: 'Reads a run',
    query: [ProjectionQuery],
    replies: { 200: { description: 'The run.', schema: orProjected(Run) } },
    errors: ['not_found'],
  },
  {
    method: 'delete',
    path: '/integrations/{_id}/runs/{runId}',
    tag: 'runs',
    summary: 'Ends a run that goes on',
    replies: { 204: none },
    errors: ['not_found'],
  },
];
