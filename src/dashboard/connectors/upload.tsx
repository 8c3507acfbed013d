import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Connector } from '../api/types.ts';
import { connectorHref } from '../app/address.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { navigate } from '../app/route.ts';
import { useSession } from '../app/session.ts';
import { useAction } from '../app/use-action.ts';

interface UploadProps {
  readonly reload: () => Promise<void>;
}

/** Uploads a bundle that was dropped here or chosen. The server checks all of it before it changes anything. */
export function Upload({ reload }: UploadProps) {
  const { client, announce } = useSession();
  const [isOver, setIsOver] = useState(false);
  const [fileName, setFileName] = useState('');
  const input = useRef<HTMLInputElement>(null);
  const upload = useAction(async (file: File) => {
    setFileName(file.name);
    const { body, status } = await client.request<Connector>('PUT', '/connectors', { file });
    await reload();
    announce(`${body.title} ${body.version} was ${status === 201 ? 'added' : 'uploaded again'}.`);
    navigate(connectorHref(body._id));
  });
  const take = (files: FileList | null | undefined): void => {
    const file = files?.[0];
    if (file) void upload.run(file);
  };
  const latest = useRef(take);
  latest.current = take;
  // The whole page takes it: a browser would leave the page for a file that is dropped beside a smaller target.
  useLayoutEffect(() => {
    const isFile = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;
    const onOver = (event: DragEvent): void => {
      if (!isFile(event)) return;
      event.preventDefault();
      setIsOver(true);
    };
    const onLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setIsOver(false);
    };
    const onDrop = (event: DragEvent): void => {
      if (!isFile(event)) return;
      event.preventDefault();
      setIsOver(false);
      latest.current(event.dataTransfer?.files);
    };
    window.addEventListener('dragover', onOver);
    window.addEventListener('dragleave', onLeave);
    window.addEventListener('drop', onDrop);
    return () => {
      window.removeEventListener('dragover', onOver);
      window.removeEventListener('dragleave', onLeave);
      window.removeEventListener('drop', onDrop);
    };
  }, []);
  return (
    <section class="stack tight" aria-label="Upload a connector">
      <div class={isOver ? 'drop over' : 'drop'}>
        <p>
          {upload.isRunning ? (
            <span role="status">Checking {fileName}…</span>
          ) : (
            <>
              Upload a connector: drop its <code>.tgz</code> file on this page, or choose it.
            </>
          )}
        </p>
        <button type="button" class="button" disabled={upload.isRunning} onClick={() => input.current?.click()}>
          Choose a file
        </button>
        <input
          ref={input}
          type="file"
          class="visually-hidden"
          accept=".tgz,.gz,application/gzip"
          tabIndex={-1}
          aria-label="Bundle"
          onChange={({ currentTarget }) => {
            take(currentTarget.files);
            // Choosing the same file again has to count.
            currentTarget.value = '';
          }}
        />
      </div>
      <ErrorNotice error={upload.error} title={`${fileName} was not accepted. Nothing has changed.`} />
    </section>
  );
}
