import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    // Whole models on a software GPU take minutes: `npm run test:long`.
    exclude: [...configDefaults.exclude, 'src/**/*.long.test.ts'],
    // One GPU for all: Dawn on a software driver uses every core, so files run one after another.
    fileParallelism: false,
    testTimeout: 60_000,
    reporters: ['default'],
  },
});
