import { useState } from 'preact/hooks';
import { ErrorNotice } from '../app/error-notice.tsx';
import { saveFile } from '../app/save-file.ts';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';
import { useTitle } from '../app/use-title.ts';
import { RestoreDialog } from './restore-dialog.tsx';

/** Downloads a backup, and restores one. */
export function BackupPage() {
  useTitle('Backup');
  const { client, announce } = useSession();
  const [file, setFile] = useState<File>();
  const download = useAction(async () => {
    const response = await client.fetch('GET', '/backup');
    const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1];
    saveFile(await response.blob(), name ?? 'bulkhead.backup.gz');
    announce('The backup was handed to your browser’s downloads.');
  });
  return (
    <div class="stack">
      <h1>Backup</h1>
      <section class="card stack" aria-labelledby="download-title">
        <h2 id="download-title">Download a backup</h2>
        <p>
          It holds every integration with its settings and records, what each connector may reach, and the OAuth
          clients. The server keeps working while it is made.
        </p>
        <p class="notice">
          Credentials stay encrypted in it. To use them on another machine, you also need this server’s secret key. It
          does not hold connectors’ bundles, runs, access tokens or the audit log.
        </p>
        <ErrorNotice error={download.error} title="The backup could not be made. Try again." />
        <div>
          <button
            type="button"
            class="button primary"
            disabled={download.isRunning}
            onClick={() => void download.run()}
          >
            {download.isRunning ? 'Making the backup…' : 'Download a backup'}
          </button>
        </div>
      </section>
      <section class="card stack" aria-labelledby="restore-title">
        <h2 id="restore-title">Restore a backup</h2>
        <p>Choose a file that was downloaded here or made with the command. You are asked before anything happens.</p>
        <div>
          <label class="button file-button">
            Choose a backup
            <input
              type="file"
              class="visually-hidden"
              accept=".gz,application/gzip"
              onChange={({ currentTarget }) => {
                setFile(currentTarget.files?.[0]);
                // Choosing the same file again has to count.
                currentTarget.value = '';
              }}
            />
          </label>
        </div>
      </section>
      {file && <RestoreDialog file={file} onClose={() => setFile(undefined)} />}
    </div>
  );
}
