/** A real browser: from an npm package, or Debian's if it is installed. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import carried from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

const DEBIAN = '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The caller has to close it. */
export async function launchBrowser(): Promise<Browser> {
  const { executablePath, env } = existsSync(DEBIAN) ? { executablePath: DEBIAN, env: {} } : await unpacked();
  return chromium.launch({ executablePath, args: ARGUMENTS, env: { ...process.env, ...env }, timeout: 60_000 });
}

/** Unpacked once for all tests on this machine. If the folder exists, it is complete. */
async function unpacked(): Promise<{ executablePath: string; env: Record<string, string> }> {
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  const { version } = JSON.parse(
    await readFile(join(entry.split('/build/')[0] ?? dirname(entry), 'package.json'), 'utf8'),
  );
  const folder = join(tmpdir(), `bulkhead-chromium-${version}-${process.getuid?.() ?? 0}`);
  if (!existsSync(folder)) {
    const making = await mkdtemp(`${folder}-`);
    const before = process.env.TMPDIR;
    process.env.TMPDIR = making;
    try {
      await carried.executablePath();
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
    await rename(making, folder).catch(async (error) => {
      await rm(making, { recursive: true, force: true });
      if (!existsSync(folder)) throw error;
    });
  }
  // On a machine without fonts, use those of the package.
  const env = existsSync('/etc/fonts') ? {} : { FONTCONFIG_PATH: join(folder, 'fonts') };
  return { executablePath: join(folder, 'chromium'), env: env as Record<string, string> };
}
