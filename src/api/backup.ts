/** `/backup` and `/restore`: all stored data, without stopping the server (contract 11). */
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import Type from '#typebox';
import { RequestError, requestError } from '../errors.ts';
import { documentReader } from '../integration/document-tasks.ts';
import { backupOf, restore } from '../store/backup.ts';
import { BackupError } from '../store/backup-file.ts';
import { codeOf, temporaryPathFor } from '../store/files.ts';
import { assertFileType, bodyLimitOf } from './body.ts';
import { accountOf, callerOf, flag, replyJson } from './context.ts';
import { askForBody } from './expectation.ts';
import { type Route, route } from './route.ts';
import { flags, Restored } from './schemas.ts';

const TYPE = 'application/gzip';
const UPLOAD_BYTES = 4 * 1024 * 1024 * 1024;

export const backupRoutes: readonly Route[] = [
  route.get('/backup', {
    scope: 'full',
    tag: 'server',
    summary: 'Creates a backup',
    replies: {
      200: {
        description: 'The backup.',
        schema: Type.Unknown(),
        type: TYPE,
        headers: ['Content-Disposition'],
      },
    },
    async handle(ctx, { service, audit }) {
      await audit.record(callerOf(ctx), { event: 'backup', resourceType: 'server' });
      const now = service.now();
      ctx.type = TYPE;
      ctx.set('Content-Disposition', `attachment; filename="bulkhead-${now.toISOString().slice(0, 10)}.backup.gz"`);
      ctx.body = backupOf(service.store, now, service.backupParts);
    },
  }),
  route.post('/restore', {
    scope: 'full',
    tag: 'server',
    summary: 'Restores a backup',
    query: [flags(['overwrite', 'Overwrites existing data that differs.'])],
    body: { schema: Type.Unknown(), types: [TYPE, 'application/octet-stream'], limitBytes: UPLOAD_BYTES },
    replies: { 200: { description: 'Counts of what was restored.', schema: Restored } },
    errors: ['invalid_backup', 'already_there'],
    async handle(ctx, { service, audit }) {
      const { store, backupParts: parts, uploads } = service;
      assertFileType(ctx);
      // Written to a file, because it is read twice: to check all of it, then to restore it.
      const file = temporaryPathFor(join(uploads.folder, 'restore'));
      try {
        askForBody(ctx);
        await pipeline(ctx.req, bounded(bodyLimitOf(ctx)), createWriteStream(file, { mode: 0o600 }));
        const { prepare } = uploads;
        const read = documentReader(service.work, accountOf(ctx));
        const options = { overwrite: flag(ctx, 'overwrite'), read, prepare, parts };
        const result = await restore(store, file, options);
        await audit.record(callerOf(ctx), { event: 'restore', resourceType: 'server' });
        replyJson(ctx, { ...result });
      } catch (error) {
        if (error instanceof BackupError) throw requestError(error.code, { message: error.message });
        if (error instanceof RequestError) throw error;
        if (codeOf(error) === 'ENOSPC') throw requestError('store_full');
        throw error;
      } finally {
        await rm(file, { force: true });
      }
    },
  }),
];

function bounded(limitBytes: number) {
  return async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const piece of source) {
      bytes += piece.length;
      if (bytes > limitBytes) throw requestError('request_too_large');
      yield piece;
    }
  };
}
