import { useState } from 'preact/hooks';
import { ApiError, type ErrorItem } from '../api/api-error.ts';
import type { StoredRecord } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import { authNames, authTypeOf, draftOf } from './credentials.ts';
import { RecordRow } from './record-row.tsx';

interface PingResult {
  readonly success: boolean;
  readonly status?: number;
  readonly errors?: readonly ErrorItem[];
}

interface ConnectionRowProps {
  readonly record: StoredRecord;
  readonly onEdit: () => void;
}

export function ConnectionRow({ record, onEdit }: ConnectionRowProps) {
  const { client } = useSession();
  const [status, setStatus] = useState<number>();
  const test = useAction(async () => {
    setStatus(undefined);
    const result = await client.get<PingResult>(`/connections/${record._id}/ping`);
    if (result.success) return setStatus(result.status ?? 200);
    const failure = { code: 'no_success', message: `The application answered with status ${result.status}.` };
    throw new ApiError(502, result.errors ?? [failure]);
  });
  const { baseURI } = draftOf(record);
  return (
    <RecordRow
      record={record}
      badges={
        <>
          {status !== undefined && <span class="badge good">Online ({status})</span>}
          {test.error !== undefined && <span class="badge bad">Offline</span>}
        </>
      }
      actions={
        <>
          <button
            type="button"
            class="button small"
            disabled={test.isRunning}
            aria-label={`Test ${record.name}`}
            onClick={() => void test.run()}
          >
            {test.isRunning ? 'Testing…' : 'Test'}
          </button>
          <button type="button" class="button small" aria-label={`Edit ${record.name}`} onClick={onEdit}>
            Edit
          </button>
        </>
      }
    >
      <p class="small muted">
        {baseURI === '' ? 'No address yet' : baseURI} · {authNames[authTypeOf(record)]}
      </p>
      <span role="status" class="visually-hidden">
        {status === undefined ? '' : `${record.name} is online.`}
      </span>
      <ErrorNotice error={test.error} title={`The test of ${record.name} failed.`} />
    </RecordRow>
  );
}
