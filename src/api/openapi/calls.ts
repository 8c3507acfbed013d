/** What runs a connector's functions. */

import { sections } from '../../integration/dispatch.ts';
import { InstallBody } from '../../integration/integration.ts';
import { AnyObject } from '../../json.ts';
import type { Operation } from './operation.ts';
import { bodyErrors, created, runErrors } from './replies.ts';
import { AnyJson, flags, Integration, Run } from './schemas.ts';

export const callOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/integrations/{_id}/install',
    tag: 'lifecycle',
    summary: 'Installs a connector, whose id is in the path',
    headers: ['Idempotency-Key'],
    body: { schema: InstallBody, isRequired: false },
    replies: {
      200: { description: 'The new integration.', schema: Integration, headers: [...created, 'Bulkhead-Run-Id'] },
    },
    errors: [...bodyErrors, ...runErrors, 'not_found', 'idempotency_mismatch'],
    passesOn: 'errors',
  },
  {
    method: 'delete',
    path: '/integrations/{_id}/install',
    tag: 'lifecycle',
    summary: 'Uninstalls: runs the uninstaller function, then removes the integration and all that it groups',
    headers: ['If-Match', 'If-None-Match'],
    query: [flags(['force', 'Though the connector fails or is gone; the failure stands in the reply.'])],
    body: { schema: AnyObject, isRequired: false },
    replies: {
      200: {
        description: 'What the function answered, or `{"success":true}`.',
        schema: AnyJson,
        headers: ['Bulkhead-Run-Id'],
      },
    },
    errors: [...runErrors, 'invalid_field', 'not_found', 'precondition_failed'],
    passesOn: 'errors',
  },
  ...sections.map(
    (section): Operation => ({
      method: 'put',
      path: `/integrations/{_id}/${section}/{function}`,
      tag: 'lifecycle',
      summary: `Calls a function of the connector's section \`${section}\``,
      headers: ['Prefer', 'If-Match', 'If-None-Match'],
      body: { schema: AnyObject, isRequired: false },
      replies: {
        200: { description: 'What the function answered.', schema: AnyJson, headers: ['Bulkhead-Run-Id'] },
        202: {
          description: 'With `Prefer: respond-async`: the run has begun.',
          schema: Run,
          headers: ['Bulkhead-Run-Id', 'Location', 'Preference-Applied'],
        },
      },
      errors: [
        ...runErrors,
        'invalid_field',
        'not_found',
        'precondition_failed',
        ...(section === 'settings' ? ['update_in_progress' as const] : []),
      ],
      passesOn: 'errors',
    }),
  ),
];
