import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    // Whole models on a software GPU take minutes: `npm run test:long`.
    exclude: [...configDefaults.exclude, 'src/**/*.long.test.ts'],
    // One GPU for all, and a software driver uses every core for it; but half of a test's time is no GPU's.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default'],
  },
});
