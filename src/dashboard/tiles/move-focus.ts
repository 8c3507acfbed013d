/** Moves the focus in the tile grid with arrow keys, Home and End. Tab still works. */
export function moveFocus(event: KeyboardEvent): void {
  const { key, currentTarget, target } = event;
  if (event.altKey || event.ctrlKey || event.metaKey || !(currentTarget instanceof HTMLElement)) return;
  const links = [...currentTarget.querySelectorAll<HTMLAnchorElement>('li > .tile-head a')];
  const here = links.indexOf(target as HTMLAnchorElement);
  if (here < 0) return;
  const next = nextOf(
    key,
    here,
    links.map((link) => link.closest('li') as HTMLElement),
  );
  if (next === undefined) return;
  event.preventDefault();
  links[next]?.focus();
}

function nextOf(key: string, here: number, tiles: readonly HTMLElement[]): number | undefined {
  const top = tiles[0]?.offsetTop;
  const columns = Math.max(1, tiles.filter(({ offsetTop }) => offsetTop === top).length);
  const steps: Record<string, number> = {
    ArrowRight: here + 1,
    ArrowLeft: here - 1,
    ArrowDown: here + columns,
    ArrowUp: here - columns,
    Home: 0,
    End: tiles.length - 1,
  };
  const next = steps[key];
  return next !== undefined && next >= 0 && next < tiles.length ? next : undefined;
}
