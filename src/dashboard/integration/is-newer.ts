/** Whether a version comes after another one (SemVer 2.0.0, 11). Pure. */
export function isNewer(version: string | undefined, than: string | undefined): boolean {
  if (version === undefined || than === undefined) return version !== undefined;
  const [a, b] = [partsOf(version), partsOf(than)];
  for (let i = 0; i < 3; i++) {
    const difference = Number(a.core[i] ?? 0) - Number(b.core[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  // A release comes after its pre-releases.
  if (a.before === undefined || b.before === undefined) return a.before === undefined && b.before !== undefined;
  return a.before.localeCompare(b.before, 'en', { numeric: true }) > 0;
}

function partsOf(version: string): { core: string[]; before: string | undefined } {
  const [plain = ''] = version.split('+');
  const [core = '', ...before] = plain.split('-');
  return { core: core.split('.'), before: before.length > 0 ? before.join('-') : undefined };
}
