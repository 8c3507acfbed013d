import type { Connector } from '../api/types.ts';
import { connectorHref } from '../app/address.ts';
import { PendingNotice } from './pending-notice.tsx';

/** No version is in use until the waiting one is approved. */
export const awaitsApproval = ({ status, pending }: Connector): boolean => status === 'held' && pending !== undefined;

export const canBeInstalled = (connector: Connector): boolean =>
  connector.status !== 'invalid' && !awaitsApproval(connector);

/** Nothing if it is ready. */
export function StatusBadge({ connector }: { readonly connector: Connector }) {
  if (connector.status === 'invalid') return <span class="badge bad">Cannot be used</span>;
  if (awaitsApproval(connector)) return <span class="badge warn">Awaiting approval</span>;
  if (connector.status === 'held') return <span class="badge warn">Paused</span>;
  return null;
}

/** The same in a line, for the list. */
export function StatusLine({ connector }: { readonly connector: Connector }) {
  const { _id, title, status, version, pending, errors = [] } = connector;
  const [text, action] = pending
    ? [`Version ${pending.version} asks for more and awaits your approval.`, 'Review it']
    : status === 'held'
      ? ['It crashed too often, so its calls are paused.', 'Read more']
      : status === 'invalid'
        ? ['Its bundle has errors.', 'See them']
        : errors.length > 0
          ? [`Its current files have errors; ${version ?? 'the last good version'} is still in use.`, 'See them']
          : [];
  if (text === undefined) return null;
  return (
    <p class={`notice ${status === 'invalid' ? 'bad' : 'warn'}`}>
      <span>
        {text}{' '}
        <a href={connectorHref(_id)} aria-label={`${action}: ${title}`}>
          {action}
        </a>
      </span>
    </p>
  );
}

interface StatusNoticesProps {
  readonly connector: Connector;
  /** Reloads what the page shows. */
  readonly reload: () => Promise<void>;
}

/** What is wrong with a connector, or waits for the administrator. Nothing if all is well. */
export function StatusNotices({ connector, reload }: StatusNoticesProps) {
  const { status, version, errors = [] } = connector;
  return (
    <>
      {status === 'held' && !awaitsApproval(connector) && (
        <p class="notice warn">
          It crashed too often. Its calls are paused for up to a minute at a time, until one succeeds.
        </p>
      )}
      <PendingNotice connector={connector} reload={reload} />
      {errors.length > 0 && (
        <div class={`notice ${status === 'invalid' ? 'bad' : 'warn'}`}>
          <p>
            {status === 'invalid'
              ? 'Its bundle has errors:'
              : `The current files have errors; ${version ?? 'the last good version'} is still in use:`}
          </p>
          <ul class="reasons">
            {errors.map(({ field, message }) => (
              <li key={`${field} ${message}`}>
                {field && !message.startsWith(field) && <code>{field}</code>} {message}
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}
