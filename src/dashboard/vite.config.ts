/** Makes `built/` of the dashboard's sources (`npm run generate`). */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const root = fileURLToPath(new URL('.', import.meta.url));

export default defineConfig({
  root,
  base: '/dashboard/',
  // Relative to the page: a host may have mounted it under a path of its own.
  experimental: {
    renderBuiltUrl: (file, { hostType }) => (hostType === 'html' ? `dashboard/${file}` : { relative: true }),
  },
  publicDir: false,
  // Vite's dev server gets its data from a server that runs beside it.
  server: { proxy: { '/v1': 'http://127.0.0.1:3000' } },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'built',
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      // Fixed names: browsers ask by entity tag, and a server reads all of one build.
      output: {
        entryFileNames: 'dashboard.js',
        chunkFileNames: '[name].js',
        assetFileNames: ({ names: [name = ''] }) => (name.endsWith('.css') ? 'dashboard.css' : '[name][extname]'),
      },
    },
  },
});
