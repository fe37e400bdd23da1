// Builds the page. The base is relative, so the built folder works from any sub-path of any static host.
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/** The Hugging Face Hub and the storage that it redirects to: asked only when someone opens a model of the Hub. */
const HUB = 'https://huggingface.co https://*.huggingface.co https://*.hf.co';

/** What the built page may load and talk to: its own host and, for models, the Hub. The worker inherits it (see client.ts). */
const POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "worker-src 'self' blob:",
  `connect-src 'self' blob: ${HUB}`,
  "img-src 'self' data: blob:",
  "style-src 'self'",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'none'",
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

export default defineConfig({
  base: './',
  plugins: [react(), contentSecurityPolicy()],
  worker: { format: 'es' },
  build: { target: 'es2022' },
});
