// Writes docs/recipe.schema.json from the description that reads recipes (src/train/testing/recipe-schema.ts): node tools/recipe-schema.mjs
import { spawnSync } from 'node:child_process';

const test = ['run', '--root', '.', 'src/train/recipe-schema.test.ts'];
const { status } = spawnSync('npx', ['vitest', ...test], {
  stdio: 'inherit',
  env: { ...process.env, GRAFT_WRITE_SCHEMA: '1' },
});
spawnSync('npx', ['biome', 'check', '--write', 'docs/recipe.schema.json'], { stdio: 'inherit' });
process.exit(status ?? 1);
