/** Builds the dashboard into `built/` (`npm run generate`). */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));

export default defineConfig({
  root,
  base: '/dashboard/',
  // Relative to the page, because a host may mount it under any path.
  experimental: {
    renderBuiltUrl: (file, { hostType }) => (hostType === 'html' ? `dashboard/${file}` : { relative: true }),
  },
  publicDir: false,
  // Vite's dev server proxies the API to a server running beside it.
  server: { proxy: { '/v1': 'http://127.0.0.1:3000' } },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'built',
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // One file, in the order of main.tsx.
    cssCodeSplit: false,
    reportCompressedSize: false,
    rolldownOptions: {
      // Fixed names: browsers revalidate by entity tag, and a server reads one whole build.
      output: {
        entryFileNames: 'dashboard.js',
        chunkFileNames: '[name].js',
        assetFileNames: ({ names: [name = ''] }) => (name.endsWith('.css') ? 'dashboard.css' : '[name][extname]'),
      },
    },
  },
});
