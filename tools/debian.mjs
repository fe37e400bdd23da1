// Installs packages on Debian and Ubuntu, for machines that exist to run tests: as root only, from the mirror that the
// machine already uses.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const APT = '/etc/apt';

export function canInstall() {
  return process.platform === 'linux' && process.getuid() === 0 && existsSync('/usr/bin/apt-get');
}

/** "bookworm" and the like; "" where the system does not say. */
export function codename() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return release.match(/^VERSION_CODENAME="?(\w+)/m)?.[1] ?? '';
}

export function isDebian() {
  return /^ID="?debian"?$/m.test(existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '');
}

/** True when apt has the packages in place afterwards. `release`: "bookworm-backports", or undefined for the default. */
export function install(packages, release) {
  if (release && !aptSources().some((source) => source.suites.includes(release)) && !addRelease(release)) return false;
  return (
    apt('update', '-qq') &&
    apt('install', '-y', '-qq', '--no-install-recommends', ...(release ? ['-t', release] : []), ...packages)
  );
}

function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status } = spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0', ...args], {
    env,
    stdio: ['ignore', 2, 2],
  });
  return status === 0;
}

function addRelease(release) {
  const base = aptSources().find((source) => source.suites.includes(codename()) && source.components.includes('main'));
  if (!base) return false;
  const options = base.signedBy ? `[signed-by=${base.signedBy}] ` : '';
  writeFileSync(
    path.join(APT, 'sources.list.d', 'graft-backports.list'),
    `deb ${options}${base.uri} ${release} main\n`,
  );
  return true;
}

/** The machine's package sources, of both spellings: one-line `.list` files and the newer `.sources` paragraphs. */
function aptSources() {
  const folder = path.join(APT, 'sources.list.d');
  const names = existsSync(folder) ? readdirSync(folder).map((name) => path.join(folder, name)) : [];
  const files = [path.join(APT, 'sources.list'), ...names].filter((file) => existsSync(file));
  return files.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    if (file.endsWith('.sources')) return parseParagraphs(text);
    return file.endsWith('.list') ? parseLines(text) : [];
  });
}

export function parseLines(text) {
  return [...text.matchAll(/^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)$/gm)].map(
    ([, options, uri, suite, components]) => ({
      uri,
      suites: [suite],
      components: components.split(/\s+/),
      signedBy: options?.match(/signed-by=(\S+)/)?.[1],
    }),
  );
}

export function parseParagraphs(text) {
  const paragraphs = text.replace(/^#.*\n/gm, '').split(/\n\s*\n/);
  return paragraphs.flatMap((paragraph) => {
    const field = (name) =>
      paragraph
        .match(new RegExp(`^${name}: *(.*)$`, 'mi'))?.[1]
        .trim()
        .split(/\s+/);
    const isUsed = field('Types')?.includes('deb') && field('Enabled')?.[0] !== 'no';
    if (!isUsed) return [];
    const signedBy = field('Signed-By')?.[0];
    const suites = field('Suites') ?? [];
    return (field('URIs') ?? []).map((uri) => ({
      uri,
      suites,
      components: field('Components') ?? [],
      // A key written into the paragraph itself cannot be named from another file.
      signedBy: signedBy?.startsWith('/') ? signedBy : undefined,
    }));
  });
}
