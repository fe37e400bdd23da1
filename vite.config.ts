// Builds the page. The base is relative, so the built folder works from any sub-path of any static host.
import { readFileSync } from 'node:fs';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

/** The Hugging Face Hub and the storage that it redirects to: asked only when someone opens a model of the Hub. */
const HUB = 'https://huggingface.co https://*.huggingface.co https://*.hf.co';

/** What the built page may load and talk to: its own host and, for models, the Hub. The worker inherits it (see client.ts). */
const POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  `connect-src 'self' blob: ${HUB}`,
  "img-src 'self' data: blob:",
  "style-src 'self'",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'none'",
  // No text becomes code, and no script starts from an address that trusted-url.ts has not seen.
  "require-trusted-types-for 'script'",
  'trusted-types graft',
].join('; ');

/** Only in builds: the development server needs inline scripts and a web socket for hot reload. */
function contentSecurityPolicy(): Plugin {
  return {
    name: 'graft-content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY },
        injectTo: 'head-prepend',
      },
    ],
  };
}

/**
 * Shaders go into the build without their comments. Lines stay where they are, so that a compiler's message still names the
 * line of the file.
 */
function shadersWithoutComments(): Plugin {
  return {
    name: 'graft-shaders-without-comments',
    apply: 'build',
    enforce: 'pre',
    load(id) {
      const [file] = id.split('?');
      if (!file!.endsWith('.wgsl')) return undefined;
      const bare = readFileSync(file!, 'utf8').replace(/[ \t]*\/\/.*$/gm, '');
      return `export default ${JSON.stringify(bare)}`;
    },
  };
}

/**
 * The page as an app: everything that it is made of, the bundled base and the examples among it, is fetched once and kept, so
 * that it works with the network off. A new version waits until the person takes it (src/ui/shell/app-store.ts).
 */
function installable() {
  return VitePWA({
    registerType: 'prompt',
    injectRegister: false,
    manifest: {
      name: 'Graft',
      short_name: 'Graft',
      description: 'Fine-tune a language model in a browser tab. Nothing leaves the machine.',
      id: './',
      start_url: './',
      scope: './',
      display: 'standalone',
      background_color: '#f7f6f2',
      theme_color: '#f7f6f2',
      categories: ['developer', 'productivity'],
      icons: [
        { src: 'icons/icon-192.png', sizes: '192x192', type: 'image/png' },
        { src: 'icons/icon-512.png', sizes: '512x512', type: 'image/png' },
        { src: 'icons/icon-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
        { src: 'favicon.svg', sizes: 'any', type: 'image/svg+xml' },
      ],
    },
    workbox: {
      globPatterns: ['**/*'],
      globIgnores: ['cli/**', '**/*.map'],
      // The bundled base is the largest file.
      maximumFileSizeToCacheInBytes: 64 * 1024 ** 2,
      navigateFallback: 'index.html',
      importScripts: ['notification-click.js'],
      cleanupOutdatedCaches: true,
      // Hashed names never change what they hold.
      dontCacheBustURLsMatching: /assets\//,
    },
  });
}

export default defineConfig({
  base: './',
  plugins: [react(), contentSecurityPolicy(), installable()],
  worker: { format: 'es', plugins: () => [shadersWithoutComments()] },
  // Every chunk's name says what it is; modulepreload needs no help in any browser that has WebGPU.
  build: { target: 'es2022', modulePreload: { polyfill: false } },
});
