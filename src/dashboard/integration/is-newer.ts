/** Whether a version is newer than another (SemVer 2.0.0, section 11). Pure. */
export function isNewer(version: string | undefined, other: string | undefined): boolean {
  if (version === undefined || other === undefined) return version !== undefined;
  const [a, b] = [parse(version), parse(other)];
  for (let i = 0; i < 3; i++) {
    const difference = Number(a.core[i] ?? 0) - Number(b.core[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  // A release is newer than its pre-releases.
  if (a.preRelease === undefined || b.preRelease === undefined)
    return a.preRelease === undefined && b.preRelease !== undefined;
  return a.preRelease.localeCompare(b.preRelease, 'en', { numeric: true }) > 0;
}

function parse(version: string): { core: string[]; preRelease: string | undefined } {
  const [withoutBuild = ''] = version.split('+');
  const [core = '', ...preRelease] = withoutBuild.split('-');
  return { core: core.split('.'), preRelease: preRelease.length > 0 ? preRelease.join('-') : undefined };
}
