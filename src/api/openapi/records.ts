/** `/connections`, `/exports`, `/imports`, `/flows`, and what connections can do beyond. */
import Type from '#typebox';
import { JsonPatch } from '../../record/json-patch.ts';
import { RecordFields } from '../../record/record.ts';
import { recordKinds } from '../../store/store.ts';
import { ProjectionQuery } from '../projection.ts';
import { RecordFilters } from '../records.ts';
import type { Operation } from './operation.ts';
import { bodyErrors, created, none, notModified, page, pageOf, tagged } from './replies.ts';
import { Entity, orProjected, Ping } from './schemas.ts';

export const recordOperations: readonly Operation[] = recordKinds.flatMap((kind): Operation[] => {
  const one = kind.slice(0, -1);
  return [
    {
      method: 'get',
      path: `/${kind}`,
      tag: kind,
      summary: `Lists ${kind}, oldest first`,
      query: [...page, RecordFilters],
      replies: pageOf(Entity, `A page of ${kind}.`),
    },
    {
      method: 'post',
      path: `/${kind}`,
      tag: kind,
      summary: `Makes a new ${one} of an integration`,
      headers: ['Idempotency-Key'],
      body: { schema: RecordFields },
      replies: { 201: { description: `The new ${one}.`, schema: Entity, headers: created } },
      errors: [
        ...bodyErrors,
        'invalid_ref',
        'idempotency_mismatch',
        'conflict',
        ...(kind === 'connections' ? ['credentials_unreadable' as const] : []),
      ],
    },
    {
      method: 'get',
      path: `/${kind}/{_id}`,
      tag: kind,
      summary: `Reads one of the ${kind}`,
      query: [ProjectionQuery],
      headers: ['If-None-Match'],
      replies: { 200: { description: `The ${one}.`, schema: orProjected(Entity), headers: tagged }, 304: notModified },
      errors: ['not_found'],
    },
    {
      method: 'put',
      path: `/${kind}/{_id}`,
      tag: kind,
      summary: `Writes one of the ${kind} anew; what is left out is gone`,
      headers: ['If-Match', 'If-None-Match'],
      body: { schema: RecordFields },
      replies: { 200: { description: `The ${one} as it is now.`, schema: Entity, headers: tagged } },
      errors: [...bodyErrors, 'invalid_ref', 'not_found', 'precondition_failed', 'credentials_unreadable', 'conflict'],
    },
    {
      method: 'patch',
      path: `/${kind}/{_id}`,
      tag: kind,
      summary: `Changes one of the ${kind} by a JSON Patch (RFC 6902)`,
      headers: ['If-Match', 'If-None-Match'],
      body: { schema: JsonPatch, types: ['application/json-patch+json', 'application/json'] },
      replies: { 204: none },
      errors: [...bodyErrors, 'invalid_ref', 'not_found', 'precondition_failed', 'credentials_unreadable', 'conflict'],
    },
    {
      method: 'delete',
      path: `/${kind}/{_id}`,
      tag: kind,
      summary: `Removes one of the ${kind}`,
      headers: ['If-Match', 'If-None-Match'],
      replies: { 204: none },
      errors: ['not_found', 'precondition_failed', 'has_dependencies', 'conflict'],
    },
  ];
});

export const connectionOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/connections/{_id}/proxy',
    tag: 'connections',
    summary: "Makes a request to the application with the connection's credentials filled in",
    description:
      "Passes on the body and all request headers but those that belong to the hop (RFC 9110, 7.6.1), to this API (`Integrator-*`, `Bulkhead-*`, `Accept-Encoding`, the trace) or to credentials (`Authorization`, `Cookie`). `Content-Encoding` and `Idempotency-Key` are the application's.",
    headers: ['Integrator-Method', 'Integrator-Relative-URI'],
    body: {
      schema: Type.Unknown({ description: 'Whatever the application takes.' }),
      types: ['*/*'],
      isRequired: false,
    },
    replies: {},
    errors: ['not_found', 'invalid_field', 'credentials_unreadable', 'permission_denied', 'connection_failed'],
    passesOn: 'replies',
  },
  {
    method: 'get',
    path: '/connections/{_id}/ping',
    tag: 'connections',
    summary: 'Asks whether the application answers',
    replies: { 200: { description: 'What it answered.', schema: Ping } },
    errors: ['not_found', 'invalid_field', 'credentials_unreadable', 'permission_denied'],
  },
];
