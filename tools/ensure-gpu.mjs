// A GPU for Dawn in Node, or a software driver in its place; on a Debian or Ubuntu test machine it is installed if need be.
// Run as a program, it prints the lines to export.
import { pathToFileURL } from 'node:url';
import { canInstall, codename, install, isDebian } from './debian.mjs';
import { findVulkan, NO_DRIVER } from './find-vulkan.mjs';

const PACKAGES = ['mesa-vulkan-drivers', 'libvulkan1'];

/** What findVulkan() returns. Throws when nothing works and nothing can be installed. */
export async function ensureGpu() {
  return (await findVulkan()) ?? (canInstall() ? await installed() : undefined) ?? fail();
}

/** Backports second: where the release's own Mesa is new enough, it is the one to have. */
async function installed() {
  console.error('Installing a Vulkan driver (Mesa lavapipe), because none was found that WebGPU accepts');
  if (install(PACKAGES)) {
    const found = await findVulkan();
    if (found) return found;
  }
  return isDebian() && install(PACKAGES, `${codename()}-backports`) ? findVulkan() : undefined;
}

function fail() {
  throw new Error(NO_DRIVER);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { env, name } = await ensureGpu();
  console.error(`GPU for Node: ${name}`);
  for (const [key, value] of Object.entries(env)) console.log(`export ${key}='${value}'`);
}
