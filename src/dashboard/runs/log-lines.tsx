import { useEffect, useRef } from 'preact/hooks';
import type { LogLine } from '../api/types.ts';
import { Time } from '../app/time.tsx';

interface LogLinesProps {
  readonly lines: readonly LogLine[];
  /** Keeps new lines at the end in view. */
  readonly isLive?: boolean;
}

/** A run's log, as text. */
export function LogLines({ lines, isLive = false }: LogLinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    if (isLive && isAtEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.length, isLive]);
  return (
    <div
      ref={box}
      class="log"
      role="log"
      aria-label="Log"
      aria-live={isLive ? 'polite' : 'off'}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: lets keyboard users scroll it
      tabIndex={0}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        isAtEnd.current = scrollHeight - scrollTop - clientHeight < 24;
      }}
    >
      {lines.map(({ at, level, message }, index) => (
        <p key={index} class={`log-line ${level}`}>
          <span class="muted">
            <Time at={at} withSeconds />
          </span>{' '}
          {level !== 'info' && <span class="log-level">{level} </span>}
          <span class="log-text">{message}</span>
        </p>
      ))}
    </div>
  );
}
