// `npm test`: the tools' tests, the unit and GPU tests (vitest) and the browser tests (Playwright); at the end once more the
// names of those that failed, a line each behind "✗", and one closing line.
// `npm test -- unit src/gpu` runs one part and hands the rest of the line to its runner; parts: tools, unit, e2e.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ensureBrowser } from './ensure-browser.mjs';
import { ensureGpu } from './ensure-gpu.mjs';
import { failedInBrowser, failedTools, failedUnits } from './failed-tests.mjs';

const ROOT = path.join(import.meta.dirname, '..');
const REPORTS = path.join(ROOT, 'test-results/reports');
const PARTS = { tools: runTools, unit: runUnit, e2e: runBrowser };

const [part, ...rest] = process.argv.slice(2);
if (part !== undefined && !(part in PARTS)) {
  console.error(`Cannot run "${part}": need one of ${Object.keys(PARTS).join(', ')}, or nothing for all of them`);
  process.exit(2);
}
mkdirSync(REPORTS, { recursive: true });
const sum = { passed: 0, failed: 0, skipped: 0 };
const failures = [];
for (const name of part === undefined ? Object.keys(PARTS) : [part]) {
  console.log(`\n── ${name} ──`);
  const counts = await PARTS[name](rest).catch((error) => {
    console.error(error.message);
    return { passed: 0, failed: 1, skipped: 0, failures: [error.message] };
  });
  for (const key of Object.keys(sum)) sum[key] += counts[key];
  failures.push(...counts.failures.map((failure) => `${name}: ${failure.split('\n')[0]}`));
}
if (failures.length) console.log(`\n${failures.map((failure) => `✗ ${failure}`).join('\n')}`);
console.log(`\n${sum.passed} passed, ${sum.failed} failed${sum.skipped ? `, ${sum.skipped} skipped` : ''}`);
process.exit(sum.failed || !sum.passed ? 1 : 0);

async function runTools(args) {
  const tests = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.mjs'));
  const report = freshReport('tools.tap');
  const reporters = ['spec', 'stdout', 'tap', report].map(
    (value, i) => `--test-reporter${i % 2 ? '-destination' : ''}=${value}`,
  );
  const status = run(['--test', ...reporters, ...args, ...tests.map((name) => path.join(import.meta.dirname, name))]);
  const count = (name) => Number(read(report)?.match(new RegExp(`^# ${name} (\\d+)$`, 'm'))?.[1] ?? 0);
  const counts = {
    passed: count('pass'),
    failed: count('fail') + count('cancelled'),
    skipped: count('skipped') + count('todo'),
    failures: failedTools(read(report) ?? ''),
  };
  return checked(counts, status);
}

async function runUnit(args) {
  const { env, name, isSoftware } = await ensureGpu();
  console.log(`GPU for Node: ${name}`);
  const report = freshReport('unit.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  // The limit is there to catch what hangs: a busy machine without a GPU is slow, not broken. Long tests have limits of their own.
  const isLong = args.some((arg) => arg.includes('vitest.long'));
  const patience = isSoftware && !isLong ? ['--testTimeout=180000', '--hookTimeout=180000'] : [];
  const status = run([bin('vitest/package.json', 'vitest.mjs'), 'run', ...reporters, ...patience, ...args], env);
  const result = JSON.parse(read(report) ?? '{}');
  // A file that does not load has no tests of its own, and yet it failed.
  const broken =
    result.testResults?.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length ?? 0;
  const counts = {
    passed: result.numPassedTests ?? 0,
    failed: (result.numFailedTests ?? 0) + broken,
    skipped: (result.numPendingTests ?? 0) + (result.numTodoTests ?? 0),
    failures: failedUnits(result, ROOT),
  };
  return checked(counts, status);
}

async function runBrowser(args) {
  const browser = ensureBrowser();
  console.log(`Browser: ${browser}`);
  const isSoftware = process.platform === 'linux' && ((await ensureGpu().catch(() => undefined))?.isSoftware ?? true);
  const report = freshReport('e2e.json');
  const env = {
    GRAFT_BROWSER: browser,
    PLAYWRIGHT_JSON_OUTPUT_FILE: report,
    ...(isSoftware && { GRAFT_SOFTWARE_GPU: '1' }),
  };
  const status = run([bin('@playwright/test/package.json', 'cli.js'), 'test', '--reporter=list,json', ...args], env);
  const result = JSON.parse(read(report) ?? '{}');
  const { expected = 0, unexpected = 0, flaky = 0, skipped = 0 } = result.stats ?? {};
  const counts = { passed: expected + flaky, failed: unexpected, skipped, failures: failedInBrowser(result) };
  return checked(counts, status);
}

function run(args, env = {}) {
  const { status, signal, error } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  if (error) throw error;
  if (signal) console.error(`The tests were ended by ${signal}`);
  return status ?? 1;
}

/** A runner that fails without naming a test (a crash, an error between tests, no tests at all) counts as one failure. */
function checked(counts, status) {
  if (status === 0 || counts.failed > 0) return counts;
  return { ...counts, failed: 1, failures: [`ended with ${status} and named no test`] };
}

function bin(manifest, file) {
  return path.join(path.dirname(createRequire(import.meta.url).resolve(manifest)), file);
}

/** Where a runner writes its report; nothing of an earlier run is left there. */
function freshReport(name) {
  const file = path.join(REPORTS, name);
  rmSync(file, { force: true });
  return file;
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
