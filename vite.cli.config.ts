// Builds the command line into one file, dist/cli/graft.js: WGSL files are inlined, packages stay in node_modules.
import { defineConfig } from 'vite';

export default defineConfig({
  publicDir: false,
  build: {
    ssr: 'src/cli/main.ts',
    outDir: 'dist/cli',
    emptyOutDir: true,
    target: 'node20',
    rolldownOptions: {
      // One file, so that a running command never misses a part that a newer build has renamed.
      output: { entryFileNames: 'graft.js', codeSplitting: false },
    },
  },
});
