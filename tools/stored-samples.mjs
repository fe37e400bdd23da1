// Writes the sample of all that today's version stores (src/engine/testing/stored), databases and page: node tools/stored-samples.mjs. Once for each
// version: the samples of older ones stay as they were written.
import { spawnSync } from 'node:child_process';
import { ensureGpu } from './ensure-gpu.mjs';

const { env } = await ensureGpu();
const files = ['src/engine/stored-samples.web.test.ts', 'src/ui/stored-page.test.ts'];
const test = ['run', '--root', '.', '--testTimeout=180000', ...files, '-t', 'writes'];
const { status } = spawnSync('npx', ['vitest', ...test], {
  stdio: 'inherit',
  env: { ...process.env, ...env, GRAFT_WRITE_SAMPLES: '1' },
});
process.exit(status ?? 1);
