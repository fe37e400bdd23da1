// Finds a Vulkan driver that Dawn in Node accepts. Looks only; ensure-gpu.mjs installs. Linux alone needs it: macOS has
// Metal and Windows has Direct3D. Every candidate is tried for real, in a child process, in about 0.2 s.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const PROBE = path.join(import.meta.dirname, 'probe-webgpu.mjs');
const DRIVER_FOLDERS = ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d'];
const BROWSER_FOLDERS = [
  '/usr/lib/chromium',
  '/opt/google/chrome',
  '/opt/microsoft/msedge',
  '/usr/lib64/chromium-browser',
];

export const NO_DRIVER =
  'Cannot open a GPU: found no Vulkan driver that WebGPU accepts, need a GPU with its driver, or Mesa lavapipe 25 or later ' +
  '(Debian 13 and Ubuntu 24.04: "apt install mesa-vulkan-drivers libvulkan1"; Debian 12: the same from bookworm-backports)';

/**
 * The environment variables that make Dawn work here, with the name of what then opens; undefined when nothing does.
 * A driver that the environment names comes first, then a GPU, then lavapipe, then a browser's own SwiftShader.
 */
export async function findVulkan() {
  if (process.platform !== 'linux') return { env: {}, name: 'the system’s own GPU interface', isSoftware: false };
  const session = process.env.XDG_RUNTIME_DIR ? {} : { XDG_RUNTIME_DIR: os.tmpdir() };
  for (const driver of [{}, ...lavapipes(), ...swiftShaders()]) {
    const env = { ...session, ...driver };
    const adapter = await probe(env);
    if (adapter) return { env, ...adapter };
  }
  return undefined;
}

const lavapipes = () =>
  DRIVER_FOLDERS.flatMap((folder) => list(folder, /^lvp_icd.*\.json$/)).map((file) => ({ VK_ICD_FILENAMES: file }));

function swiftShaders() {
  const playwright = process.env.PLAYWRIGHT_BROWSERS_PATH ?? path.join(os.homedir(), '.cache/ms-playwright');
  const downloaded = list(playwright, /^chromium/).flatMap((folder) => list(folder, /^chrome-/));
  return [...BROWSER_FOLDERS, ...downloaded]
    .map((folder) => path.join(folder, 'vk_swiftshader_icd.json'))
    .filter((file) => existsSync(file))
    .map((file) => ({ VK_ICD_FILENAMES: file }));
}

function list(folder, pattern) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => pattern.test(name));
  return names.map((name) => path.join(folder, name));
}

/** Name and kind of the adapter that opens with `env`, or undefined; a driver that aborts the probe counts as none. */
async function probe(env) {
  const options = { env: { ...process.env, ...env }, timeout: 60_000 };
  const ran = await promisify(execFile)(process.execPath, [PROBE], options).catch((error) => error);
  const line = ran.stdout?.trim().split('\n').at(-1);
  return line?.startsWith('{') ? JSON.parse(line) : undefined;
}
