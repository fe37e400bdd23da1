// `npm run test:long`: tests with whole models, which take minutes on a software GPU.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['src/**/*.long.test.ts'], maxWorkers: 2, testTimeout: 1_800_000, hookTimeout: 1_800_000 },
});
