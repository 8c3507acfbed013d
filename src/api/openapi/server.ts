/** What is about the server as a whole. */
import Type from '#typebox';
import { AnyObject } from '../../json.ts';
import { EventQuery } from '../events.ts';
import type { Operation } from './operation.ts';
import { page, pageOf } from './replies.ts';
import { flags, Health, Restored, Tile, TokenInfo } from './schemas.ts';

export const serverOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/tiles',
    tag: 'server',
    summary: 'Lists a row per integration, for a dashboard',
    query: page,
    replies: pageOf(Tile, 'A page of tiles.'),
  },
  {
    method: 'get',
    path: '/events',
    tag: 'server',
    summary: 'What happens to runs, integrations and connectors, as server-sent events',
    query: [EventQuery],
    headers: ['Last-Event-ID'],
    replies: {
      200: { description: 'For as long as the client likes.', schema: Type.String(), type: 'text/event-stream' },
    },
    errors: ['overloaded'],
  },
  {
    method: 'get',
    path: '/tokenInfo',
    tag: 'server',
    summary: 'Says who the token is',
    replies: { 200: { description: 'The administrator, or a run.', schema: TokenInfo } },
  },
  {
    method: 'get',
    path: '/backup',
    tag: 'server',
    summary: 'Saves all that is stored',
    replies: {
      200: {
        description: 'The backup.',
        schema: Type.Unknown(),
        type: 'application/gzip',
        headers: ['Content-Disposition'],
      },
    },
  },
  {
    method: 'post',
    path: '/restore',
    tag: 'server',
    summary: 'Puts back what a backup holds',
    query: [flags(['overwrite', 'What is there with other content is overwritten.'])],
    body: { schema: Type.Unknown(), types: ['application/gzip', 'application/octet-stream'] },
    replies: { 200: { description: 'What was done.', schema: Restored } },
    errors: ['invalid_backup', 'already_there'],
  },
  {
    method: 'get',
    path: '/metrics',
    tag: 'server',
    summary: 'Metrics for Prometheus',
    replies: { 200: { description: "Prometheus' text format.", schema: Type.String(), type: 'text/plain' } },
  },
  {
    method: 'get',
    path: '/healthz',
    tag: 'server',
    summary: 'Says that the server answers',
    isOpen: true,
    replies: { 200: { description: 'It does.', schema: Health } },
  },
  {
    method: 'get',
    path: '/readyz',
    tag: 'server',
    summary: 'Says whether the server is ready, and what is amiss',
    isOpen: true,
    replies: {
      200: { description: 'It is ready.', schema: Health },
      503: { description: 'It is not.', schema: Health, headers: ['Retry-After'] },
    },
  },
  {
    method: 'get',
    path: '/openapi.json',
    tag: 'server',
    summary: 'This description',
    isOpen: true,
    replies: { 200: { description: 'OpenAPI 3.1.', schema: AnyObject } },
  },
  {
    method: 'get',
    path: '/docs',
    tag: 'server',
    summary: 'This description, to be read',
    isOpen: true,
    replies: { 200: { description: 'A page.', schema: Type.String(), type: 'text/html' } },
  },
];
