// Writes the sample of all that today's version stores (src/engine/testing/stored): node tools/stored-samples.mjs. Once for each
// version: the samples of older ones stay as they were written.
import { spawnSync } from 'node:child_process';
import { ensureGpu } from './ensure-gpu.mjs';

const { env } = await ensureGpu();
const test = ['run', '--root', '.', '--testTimeout=180000', 'src/engine/stored-samples.web.test.ts', '-t', 'writes'];
const { status } = spawnSync('npx', ['vitest', ...test], {
  stdio: 'inherit',
  env: { ...process.env, ...env, GRAFT_WRITE_SAMPLES: '1' },
});
process.exit(status ?? 1);
