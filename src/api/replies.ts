/** Replies and errors shared by many operations. */
import Type, { type TSchema } from '#typebox';
import type { Operation, ReplyDescription } from './operation.ts';
import { PageQuery } from './paging.ts';
import { ProjectionQuery } from './projection.ts';
import { orProjected } from './schemas.ts';

export const noContent: ReplyDescription = { description: 'Done.' };
export const notModified: ReplyDescription = {
  description: 'The client already has the current version.',
  headers: ['ETag'],
};

export const listQuery = [PageQuery, ProjectionQuery];
export const listOf = (schema: TSchema, description: string): Operation['replies'] => ({
  200: { description, schema: Type.Array(orProjected(schema)), headers: ['Link'] },
});

export const etagHeaders = ['ETag'] as const;
export const createdHeaders = ['ETag', 'Location', 'Idempotent-Replayed'] as const;
export const bodyErrors = ['invalid_field', 'missing_required_field'] as const;

/** Errors of calls to a connector's functions. */
export const runErrors = [
  'conflict',
  'not_a_connector_integration',
  'connector_unavailable',
  'object_not_found',
  'invalid_function',
  'invalid_extension_response',
  'response_size_exceeded',
  'run_timeout',
  'cpu_limit_exceeded',
  'memory_limit_exceeded',
  'sandbox_crashed',
  'never_answered',
  'cancelled',
  'overloaded',
  'sandbox_restarted',
] as const;
