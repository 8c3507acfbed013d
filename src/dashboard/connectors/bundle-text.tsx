import { useState } from 'preact/hooks';
import type { Connector } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { useResource } from '../app/use-resource.ts';
import { MarkdownView } from './markdown.tsx';

type Name = 'readme' | 'changelog';

/** README and changelog from the connector's bundle. */
export function BundleTexts({ connector: { _id, texts = [] } }: { readonly connector: Connector }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      {texts.includes('readme') && (
        <section class="card stack" aria-labelledby="readme-title">
          <h2 id="readme-title">What its author says</h2>
          <BundleText connectorId={_id} name="readme" />
        </section>
      )}
      {texts.includes('changelog') && (
        <section class="card stack" aria-labelledby="changelog-title">
          <h2 id="changelog-title">What has changed</h2>
          <details onToggle={({ currentTarget: { open } }) => setIsOpen(open)}>
            <summary>Show the changelog</summary>
            {isOpen && <BundleText connectorId={_id} name="changelog" />}
          </details>
        </section>
      )}
    </>
  );
}

function BundleText({ connectorId, name }: { readonly connectorId: string; readonly name: Name }) {
  const path = `/connectors/${connectorId}/${name}`;
  const { value, error } = useResource<string>({
    key: path,
    load: async (client, signal) => (await client.fetch('GET', path, { signal })).text(),
    isAffected: ({ type, data }) => type.startsWith('connector.') && data._connectorId === connectorId,
  });
  if (value !== undefined) return <MarkdownView text={value} level={2} />;
  return error === undefined ? <p role="status">Loading…</p> : <ErrorNotice error={error} />;
}
