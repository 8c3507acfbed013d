import { useEffect, useRef, useState } from 'preact/hooks';
import { Time } from '../app/time.tsx';
import type { Notice, NoticeGroup } from './attention.ts';

/** Shown of each kind; the rest is a link to all of them. */
const OF_A_KIND = 3;
/** Rows at first, so that the integrations below stay in view. */
const FIRST_ROWS = 5;

/** What needs the user, the most urgent first. Each sentence ends in its one next action. */
export function NoticeList({ groups }: { readonly groups: readonly NoticeGroup[] }) {
  const [isLong, setIsLong] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  // The button is gone then: go on where the new rows begin.
  useEffect(() => {
    if (isLong) list.current?.querySelectorAll<HTMLAnchorElement>('li a')[FIRST_ROWS]?.focus();
  }, [isLong]);
  const rows = groups.flatMap(({ key, notices, allHref }) => {
    const rest = notices.length - OF_A_KIND;
    return [
      ...notices.slice(0, OF_A_KIND).map((notice) => <NoticeRow key={`${key} ${notice.key}`} notice={notice} />),
      ...(rest > 0 ? [<RestRow key={`${key} rest`} rest={rest} all={notices.length} href={allHref} />] : []),
    ];
  });
  const isCut = !isLong && rows.length > FIRST_ROWS + 1;
  return (
    <>
      <ul class="notices" ref={list}>
        {isCut ? rows.slice(0, FIRST_ROWS) : rows}
      </ul>
      {isCut && (
        <div>
          <button type="button" class="button quiet small" onClick={() => setIsLong(true)}>
            Show {rows.length - FIRST_ROWS} more
          </button>
        </div>
      )}
    </>
  );
}

interface RestRowProps {
  readonly rest: number;
  readonly all: number;
  readonly href: string;
}

function RestRow({ rest, all, href }: RestRowProps) {
  return (
    <li class="notice-row">
      <p class="muted">
        <span class="dot" aria-hidden="true" /> And {rest} more like {rest === 1 ? 'this' : 'these'}.
      </p>
      <a class="button small" href={href}>
        Show all {all}
      </a>
    </li>
  );
}

function NoticeRow({ notice }: { readonly notice: Notice }) {
  const { tone, name, tag, text, at, action, href } = notice;
  return (
    <li class="notice-row">
      <p>
        <span class={`dot ${tone}`} aria-hidden="true" /> <strong>{name}</strong>
        {tag && <span class="muted"> ({tag})</span>} {text}
        {at !== undefined && (
          <>
            {', '}
            <Time at={at} />
          </>
        )}
        .
      </p>
      <a class="button small" href={href} aria-label={`${action}: ${name}${tag ? ` (${tag})` : ''}`}>
        {action}
      </a>
    </li>
  );
}
