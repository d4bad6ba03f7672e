import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * The page is served under a policy without inline scripts and styles: nothing is inlined, and
 * styles are a file. Relative addresses let the same build run under app:// and behind any path of
 * a server.
 */
export default defineConfig({
  root: here('.'),
  base: './',
  plugins: [svelte({ configFile: false, compilerOptions: { runes: true, css: 'external' } })],
  build: {
    outDir: here('../dist/renderer'),
    emptyOutDir: true,
    target: 'es2024',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
