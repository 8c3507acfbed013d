/** `/backup` and `/restore`: all that is stored, while it serves (contract 11). */
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Router } from '@koa/router';
import { RequestError, requestError } from '../errors.ts';
import { documentReader } from '../integration/document-tasks.ts';
import type { Service } from '../integration/service.ts';
import { backupOf, restore } from '../store/backup.ts';
import { BackupError } from '../store/backup-file.ts';
import { codeOf, temporaryFor } from '../store/files.ts';
import { assertCoding } from './body.ts';
import { type ApiContext, accountOf, assertAdministrator, flag, replyJson } from './context.ts';
import { askForBody } from './expectation.ts';

const TYPE = 'application/gzip';
const UPLOAD_BYTES = 4 * 1024 * 1024 * 1024;

export function backupRoutes(router: Router, service: Service): void {
  const { store, uploads, permissions } = service;

  router.get('/backup', (context) => {
    const ctx = context as ApiContext;
    assertAdministrator(ctx);
    const now = service.now();
    ctx.type = TYPE;
    ctx.set('Content-Disposition', `attachment; filename="bulkhead-${now.toISOString().slice(0, 10)}.backup.gz"`);
    ctx.body = backupOf(store, now, permissions);
  });

  router.post('/restore', async (context) => {
    const ctx = context as ApiContext;
    assertAdministrator(ctx);
    if (!ctx.request.is(TYPE, 'application/octet-stream')) {
      throw requestError('unsupported_media_type', { message: `The body must be ${TYPE}.` });
    }
    assertCoding(ctx, ['identity']);
    // It is read twice: checked first, and taken when all of it is good.
    const file = temporaryFor(join(uploads.folder, 'restore'));
    try {
      askForBody(ctx);
      await pipeline(ctx.req, bounded(UPLOAD_BYTES), createWriteStream(file, { mode: 0o600 }));
      const { prepare } = uploads;
      const read = documentReader(service.work, accountOf(ctx));
      const options = { overwrite: flag(ctx, 'overwrite'), read, prepare, permissions };
      replyJson(ctx, { ...(await restore(store, file, options)) });
    } catch (error) {
      if (error instanceof BackupError) throw requestError(error.code, { message: error.message });
      if (error instanceof RequestError) throw error;
      if (codeOf(error) === 'ENOSPC') throw requestError('store_full');
      throw error;
    } finally {
      await rm(file, { force: true });
    }
  });
}

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
