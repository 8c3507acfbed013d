/**
 * Makes the generated files, which are not in git: TypeBox as one file, the guest's libraries and the dashboard's
 * page. `npm ci` runs it through `prepare`; `npm run generate` runs it directly.
 */
import { fileURLToPath } from 'node:url';
import { howToGenerate, isThere } from './generated-files.ts';

async function generate(): Promise<void> {
  // Vite would otherwise build for whatever the environment says: tests, or development.
  process.env.NODE_ENV = 'production';
  const [{ writeTypebox }, { writeLibraries }, { build }] = await Promise.all([
    import('./typebox/bundle.ts'),
    import('../sandbox/guest/web/bundle.ts'),
    import('vite'),
  ]);
  const configFile = fileURLToPath(new URL('./dashboard/vite.config.ts', import.meta.url));
  await Promise.all([writeTypebox(), writeLibraries(), build({ configFile, logLevel: 'warn' })]);
}

if (['esbuild', 'vite'].every(isThere)) {
  await generate();
} else {
  const instruction = howToGenerate();
  if (instruction !== undefined) {
    process.stderr.write(instruction);
    // Do not fail `npm ci`: the server reports missing files when it starts.
    process.exitCode = process.env.npm_lifecycle_event === 'prepare' ? 0 : 1;
  }
}
