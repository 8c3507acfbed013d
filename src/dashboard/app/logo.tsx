import { useEffect, useState } from 'preact/hooks';
import { isSafeImage } from './images.ts';
import { useSession } from './session.ts';

interface LogoProps {
  /** Its initials stand in for a missing image. */
  readonly name: string;
  /** Chooses the colour behind them; `name` by default. */
  readonly hue?: string;
  readonly imageURL?: string | undefined;
  readonly connectorId?: string | undefined;
}

/** A connector's image, or its initials. Decorative: the name stands beside it. */
export function Logo({ name, hue = name, imageURL, connectorId }: LogoProps) {
  const { images } = useSession();
  const [source, setSource] = useState<string>();
  useEffect(() => {
    setSource(undefined);
    if (!imageURL) return;
    if (isSafeImage(imageURL)) return setSource(imageURL);
    // Only a path in the bundle is left; ignore any other scheme.
    if (!connectorId || /^[a-z][a-z0-9+.-]*:|^\/\//i.test(imageURL)) return;
    let isMounted = true;
    const show = (): void => {
      void images.urlFor(connectorId).then((url) => {
        if (isMounted) setSource(url);
      });
    };
    show();
    const unsubscribe = images.subscribe(connectorId, show);
    return () => {
      isMounted = false;
      unsubscribe();
    };
  }, [images, imageURL, connectorId]);
  if (source === undefined) {
    return (
      <span class={`logo hue-${hueOf(hue)}`} aria-hidden="true">
        {initialsOf(name)}
      </span>
    );
  }
  return (
    <span class="logo image" aria-hidden="true">
      <img
        src={source}
        alt=""
        loading="lazy"
        referrerpolicy="no-referrer"
        draggable={false}
        onError={() => setSource(undefined)}
      />
    </span>
  );
}

function initialsOf(name: string): string {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  const letters = words.length > 1 ? words.slice(0, 2).map((word) => [...word][0]) : [...(words[0] ?? '?')].slice(0, 2);
  return letters.join('').toLocaleUpperCase();
}

/** One of the six colours, the same for a name each time. */
export function hueOf(name: string): number {
  let sum = 0;
  for (const letter of name) sum = (sum * 53 + (letter.codePointAt(0) ?? 0)) % 9973;
  return sum % 6;
}
