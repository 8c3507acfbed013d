/** Connector versions: semantic versions (semver.org), checked and compared with the semver library. */
import gt from 'semver/functions/gt.js';
import parse from 'semver/functions/parse.js';

const REQUIREMENT = 'must be a semantic version (semver.org), such as 1.2.0 or 1.2.0-beta.1';

/** What is wrong with a version; completes a sentence that starts with it. Undefined if valid. */
export function versionProblem(version: string): string | undefined {
  const parsed = parse(version);
  // The library tolerates surrounding blanks and a leading v, and drops the build metadata.
  const canonical = parsed && [parsed.version, ...(parsed.build.length > 0 ? [parsed.build.join('.')] : [])].join('+');
  if (canonical === version) return undefined;
  if (version !== version.trim()) return `${REQUIREMENT}: remove the surrounding blanks`;
  if (/^v\d/i.test(version)) return `${REQUIREMENT}: leave out the ${version.slice(0, 1)}`;
  const padded = /(?:^|[.-])(0\d+)(?=$|[.+-])/.exec(version.split('+')[0] ?? '')?.[1];
  if (padded !== undefined) return `${REQUIREMENT}: ${padded} has a leading zero`;
  if (/^\d+(?:\.\d+)?$/.test(version)) return `${REQUIREMENT}: it needs three numbers`;
  const isTooLarge = version
    .split(/[.+-]/, 3)
    .some((part) => /^\d+$/.test(part) && !Number.isSafeInteger(Number(part)));
  return isTooLarge ? `${REQUIREMENT}: a number in it is too large` : REQUIREMENT;
}

/** @param version of an integration; it may predate the strict check */
export function isNewer(offered: string, version: string): boolean {
  const isComparable = [offered, version].every((each) => parse(each, { loose: true }) !== null);
  return isComparable && gt(offered, version, { loose: true });
}
