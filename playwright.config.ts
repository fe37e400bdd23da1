// The browser tests: the built page in a real Chromium with WebGPU. `npm run e2e` finds the browser and says which GPU.
import { defineConfig } from '@playwright/test';

const { CI, GRAFT_BROWSER, GRAFT_KILLS, GRAFT_SOFTWARE_GPU } = process.env;
/** SwiftShader trains some hundred times slower than a GPU: nothing here measures time, and everything may take some. */
const MINUTES = 60_000;

const args = [
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
];
if (process.platform === 'linux') args.push('--enable-unsafe-webgpu');
if (CI || GRAFT_SOFTWARE_GPU) args.push('--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader');
else if (process.platform === 'linux') args.push('--enable-features=Vulkan');
// Chromium refuses its sandbox to root, and in many containers to anyone.
if (CI || process.getuid?.() === 0) args.push('--no-sandbox');

export default defineConfig({
  testDir: 'e2e',
  // Takes as long as one likes.
  testIgnore: GRAFT_KILLS ? [] : '**/*.long.spec.ts',
  outputDir: 'test-results/e2e',
  // One GPU for all, but a page waits as often as it computes. Nothing here measures time by the clock.
  workers: 2,
  fullyParallel: false,
  forbidOnly: CI !== undefined,
  timeout: 10 * MINUTES,
  expect: { timeout: 1 * MINUTES },
  reporter: 'list',
  use: {
    // start.mjs takes a free port and says which: no other server can be tested by mistake.
    baseURL: process.env.GRAFT_URL,
    headless: true,
    // Only offline.spec.ts wants the page as an app: elsewhere every request has to be the page's own.
    serviceWorkers: 'block',
    screenshot: 'only-on-failure',
    trace: 'retain-on-failure',
    launchOptions: { args, ...(GRAFT_BROWSER && { executablePath: GRAFT_BROWSER }) },
  },
  webServer: {
    command: 'node tools/start.mjs --port 0',
    wait: { stdout: /Graft is open at (?<graft_url>http:\S+)/ },
    timeout: 5 * MINUTES,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5000 },
    stderr: 'pipe',
  },
});
