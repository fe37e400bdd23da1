// `node tools/check-naga.mjs`: every shader that the GPU tests compile, through naga, the compiler of Firefox and wgpu, to Metal, HLSL
// and SPIR-V with the constants of its pipeline. Dawn's compiler is Chromium's; what both take, more browsers take. Wants
// `naga` on the PATH (cargo install naga-cli).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '..');
/** naga knows subgroups and not the directive that asks for them. */
const UNKNOWN = /^enable subgroups;/m;
/** Dawn's own experiment, which no other compiler has. Its shaders with the matrices emulated are checked. */
const DAWN_ONLY = /^enable chromium_experimental_/m;

const version = spawnSync('naga', ['--version'], { encoding: 'utf8' });
if (version.status !== 0) {
  console.error('Cannot check the shaders: found no naga, need it on the PATH (cargo install naga-cli)');
  process.exit(1);
}
const folder = mkdtempSync(path.join(tmpdir(), 'graft-shaders-'));
try {
  const { status } = spawnSync(process.execPath, ['tools/test.mjs', 'unit', 'src/gpu', 'src/train/golden.test.ts'], {
    cwd: ROOT,
    env: { ...process.env, GRAFT_KEEP_SHADERS: folder },
    stdio: 'ignore',
  });
  if (status !== 0) throw new Error(`Cannot collect the shaders: the GPU tests ended with ${status}`);
  const all = readdirSync(folder).filter((name) => name.endsWith('.wgsl'));
  const shaders = all.filter((name) => !DAWN_ONLY.test(readFileSync(path.join(folder, name), 'utf8')));
  const refused = shaders.filter((name) => !passes(name));
  console.log(
    `naga ${version.stdout.trim()}: ${shaders.length - refused.length} of ${shaders.length} shaders pass, ${all.length - shaders.length} of Dawn's own language left out`,
  );
  process.exitCode = refused.length > 0 || shaders.length === 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function passes(name) {
  const source = readFileSync(path.join(folder, name), 'utf8').replace(UNKNOWN, '');
  const constants = JSON.parse(readFileSync(path.join(folder, name.replace(/wgsl$/, 'json')), 'utf8'));
  const input = path.join(folder, 'input.wgsl');
  writeFileSync(input, source);
  const overrides = Object.entries(constants).flatMap(([key, value]) => ['--override', `${key}=${Number(value)}`]);
  return ['metal', 'hlsl', 'spv'].every((target) => {
    const run = spawnSync('naga', [...overrides, input, path.join(folder, `output.${target}`)], { encoding: 'utf8' });
    if (run.status !== 0) console.error(`${name} to ${target}: ${run.stderr.trim()}`);
    return run.status === 0;
  });
}
