// A Chromium with WebGPU for the browser tests: GRAFT_BROWSER, an installed Chrome, Chromium or Edge, or Playwright's own,
// which is downloaded if need be; on a Debian test machine the package is installed. Run as a program, it prints the path.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from '@playwright/test';
import { canInstall, install, isDebian } from './debian.mjs';

/** WebGPU with everything that Graft asks for, on every platform. */
const OLDEST_VERSION = 121;
const NO_BROWSER =
  `Cannot run the browser tests: found no Chromium, need Chrome, Chromium or Edge ${OLDEST_VERSION} or later ` +
  '(install one, run "npx playwright install --with-deps chromium", or name one with GRAFT_BROWSER)';

/** The path of an executable that starts. Throws when there is none and none can be had. */
export function ensureBrowser() {
  const named = process.env.GRAFT_BROWSER;
  if (named && !starts(named)) {
    throw new Error(`Cannot use GRAFT_BROWSER "${named}": it does not start, need Chromium ${OLDEST_VERSION} or later`);
  }
  return named || installedBrowsers().find(starts) || playwrightBrowser() || debianBrowser() || fail();
}

function installedBrowsers() {
  const { platform, env } = process;
  if (platform === 'darwin') {
    const apps = ['Google Chrome', 'Chromium', 'Microsoft Edge'].map((name) => `${name}.app/Contents/MacOS/${name}`);
    return ['/Applications', path.join(os.homedir(), 'Applications')].flatMap((root) =>
      apps.map((app) => path.join(root, app)),
    );
  }
  if (platform === 'win32') {
    const roots = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter(Boolean);
    const apps = [
      'Google\\Chrome\\Application\\chrome.exe',
      'Chromium\\Application\\chrome.exe',
      'Microsoft\\Edge\\Application\\msedge.exe',
    ];
    return apps.flatMap((app) => roots.map((root) => path.join(root, app)));
  }
  const names = [
    'google-chrome-stable',
    'google-chrome',
    'chromium',
    'chromium-browser',
    'microsoft-edge-stable',
    'microsoft-edge',
  ];
  const folders = [...(env.PATH ?? '').split(path.delimiter), '/usr/bin', '/usr/local/bin', '/snap/bin'].filter(
    Boolean,
  );
  return names.flatMap((name) => folders.map((folder) => path.join(folder, name)));
}

/** Asks for the version, which also fails when a shared library is missing. Windows opens a window instead: not asked. */
function starts(file) {
  if (!existsSync(file)) return false;
  if (process.platform === 'win32') return true;
  try {
    const version = execFileSync(file, ['--version'], {
      encoding: 'utf8',
      timeout: 30_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return Number(version.match(/(\d+)\.\d+\.\d+/)?.[1]) >= OLDEST_VERSION;
  } catch {
    return false;
  }
}

function playwrightBrowser() {
  const file = chromium.executablePath();
  if (starts(file)) return file;
  console.error('Downloading Chromium, because no browser was found');
  const cli = createRequire(import.meta.url).resolve('@playwright/test/cli');
  // Debian's own package comes with the libraries it needs; elsewhere Playwright installs them, which needs root.
  const withLibraries = canInstall() && !isDebian() ? ['--with-deps'] : [];
  spawnSync(process.execPath, [cli, 'install', ...withLibraries, 'chromium'], {
    stdio: ['ignore', 2, 2],
    timeout: 300_000,
  });
  return starts(file) ? file : undefined;
}

function debianBrowser() {
  if (!canInstall() || !isDebian()) return undefined;
  console.error('Installing the package chromium, because no browser was found');
  install(['chromium']);
  return installedBrowsers().find(starts);
}

function fail() {
  throw new Error(NO_BROWSER);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(ensureBrowser());
