import { type RecordKind, recordKinds } from '../api/types.ts';
import { ErrorNotice } from '../app/error-notice.tsx';
import { pluralize } from '../app/format.ts';
import { useResource } from '../app/use-resource.ts';

type Dependencies = Readonly<Record<RecordKind, readonly { readonly id: string; readonly name: string }[]>>;

const MAX_NAMES = 8;

/** Records that are deleted with an integration: counts, and the first names. */
export function RecordsSummary({ integrationId }: { readonly integrationId: string }) {
  const path = `/integrations/${integrationId}/dependencies`;
  const { value, error } = useResource<Dependencies>({
    key: path,
    load: (client, signal) => client.get<Dependencies>(path, signal),
    isAffected: () => false,
  });
  if (!value) return error === undefined ? <p role="status">Loading…</p> : <ErrorNotice error={error} />;
  const kinds = recordKinds.filter((kind) => value[kind].length > 0);
  if (kinds.length === 0) return <p>It has no records.</p>;
  return (
    <div class="stack tight">
      <p>Its records are deleted with it:</p>
      <ul class="bullets">
        {kinds.map((kind) => {
          const names = value[kind].slice(0, MAX_NAMES).map(({ name }) => name);
          const rest = value[kind].length - names.length;
          return (
            <li key={kind}>
              <strong>{pluralize(value[kind].length, kind.slice(0, -1))}</strong>: {names.join('; ')}
              {rest > 0 && ` and ${rest} more`}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
