// `npm run report:reliability`: runs the tests that measure what Graft promises and writes docs/reliability.md from what they tell. A
// promise without a figure from this run says so. An hour on two cores; GRAFT_FUZZ_RUNS=2000 and GRAFT_KILLS=5 make it shorter,
// GRAFT_FAULTS=all longer: a fault at every call, tools/sweep-faults.mjs. In parts: with names of test files only those are run, with
// names of .jsonl files the figures are taken that tests have told there (GRAFT_FIGURES); what is not measured anew stays as it stands.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureGpu } from './ensure-gpu.mjs';
import { SWEEP, sweepFaults } from './sweep-faults.mjs';

const ROOT = path.join(import.meta.dirname, '..');
const FIGURES = path.join(ROOT, 'test-results/figures.jsonl');
const MEASURED = path.join(ROOT, 'test-results/reliability.json');
const REPORT = path.join(ROOT, 'docs/reliability.md');

/** What is promised, which tests hold it, and where the figure comes from: a promise told by them, or the tests' own count. */
export const PROMISES = [
  {
    promise: 'A kill at any byte leaves a whole checkpoint; keeping them costs at most 2 % of a run',
    tests: [
      'src/train/checkpoint.test.ts',
      'src/train/run-journal.test.ts',
      'src/storage/node.test.ts',
      'src/engine/soak.long.test.ts',
    ],
    told: 'kept',
  },
  {
    promise: 'A resumed run is the same run, to the bit',
    tests: [
      'src/cli/resume.test.ts',
      'src/cli/resume.long.test.ts',
      'src/engine/interrupted.test.ts',
      'e2e/resume.spec.ts',
      'e2e/kills.long.spec.ts',
    ],
    told: 'resume',
  },
  {
    promise: 'A lost, hung or full GPU costs the steps since the last kept state, never the adapter',
    tests: [
      'src/engine/train-through-faults.test.ts',
      'src/engine/train-through-faults.long.test.ts',
      'e2e/faults.spec.ts',
    ],
    told: 'faults',
  },
  {
    promise: 'Numbers that go bad never reach the optimiser or a file',
    tests: [
      'src/train/run-journal.test.ts',
      'src/train/run-training.test.ts',
      'src/lora/files/peft.test.ts',
      'e2e/faults.spec.ts',
    ],
  },
  {
    promise: 'A storage that is full, blocked or in use by another tab loses nothing',
    tests: [
      'src/storage/memory-backed-adapters.test.ts',
      'src/storage/open-database.web.test.ts',
      'src/engine/other-tabs.web.test.ts',
      'src/engine/interrupted.test.ts',
      'src/cli/full-disk.test.ts',
      'e2e/full-storage.spec.ts',
      'e2e/resume.spec.ts',
    ],
  },
  {
    promise: 'What any version has stored is opened; what a newer one has stored is left alone',
    tests: [
      'src/engine/stored-samples.web.test.ts',
      'src/ui/stored-page.test.ts',
      'src/model/gpu-weights.test.ts',
      'src/gpu/tuning.test.ts',
    ],
  },
  {
    promise: 'A file of a stranger is read, or refused with one sentence',
    tests: [
      'src/engine/hostile-input.test.ts',
      'src/engine/hostile-input.long.test.ts',
      'src/model/hostile-files.test.ts',
      'src/model/hostile-files.long.test.ts',
      'src/ui/recipes/recipe-link.test.ts',
      'src/ui/recipes/recipe-link.long.test.ts',
      'src/model/render-template.test.ts',
      'src/data/shared-datasets.test.ts',
    ],
    told: 'input',
  },
  {
    promise: 'Nothing goes out; what is built can be built again',
    tests: ['tools/serve.test.mjs', 'tools/check-build.test.mjs', 'e2e/hub.spec.ts'],
  },
  {
    promise: 'Long runs do not grow',
    tests: ['src/engine/soak.long.test.ts', 'src/data/large-dataset.long.test.ts', 'src/data/huge-files.long.test.ts'],
    told: 'soak',
  },
  {
    promise: 'A record for a bug report holds none of the user’s data',
    tests: ['src/ui/report/bug-record.test.ts', 'e2e/faults.spec.ts'],
  },
];

/** `figures`: what the tests told; `outcomes`: passed and failed by test file. */
export function writeReport(promises, figures, outcomes, { date, device, machine }, earlier = '') {
  const lines = [
    '# Reliability',
    '',
    'What Graft promises, which tests hold it to that, and what they measured. Written by `npm run report:reliability`; each',
    'promise has a test that fails when it is broken on purpose.',
    '',
    `${date} · ${device} · ${machine}`,
    '',
    '| promise | tests | measured |',
    '| --- | --- | --- |',
  ];
  for (const { promise, tests, told } of promises) {
    const names = tests.map((file) => `\`${file}\``).join('<br>');
    const row = rowOf(earlier, promise);
    const anew = row === undefined || tests.some((file) => outcomes.has(file));
    lines.push(
      `| ${promise} | ${names} | ${anew ? measured(tests, told, figures, outcomes) : amended(row, tests, told, figures)} |`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** What an earlier report says of a promise: its tests and what was measured. */
function rowOf(report, promise) {
  const row = report.split('\n').find((line) => line.startsWith(`| ${promise} | `));
  if (row === undefined) return undefined;
  const [tests, cell] = row.slice(`| ${promise} | `.length, -' |'.length).split(' | ');
  return { tests, lines: cell.split('<br>') };
}

/** The row as it stands, with figures that are new. */
function amended({ tests: known, lines }, tests, told, figures) {
  const fresh = told ? figuresOf(told, figures) : [];
  const isOld = (line) =>
    fresh.some(({ name }) => (name === '' ? !/^[\w .]+: /.test(line) : line.startsWith(`${name}: `)));
  const closing = lines.filter((line) => /^\d+ tests passed/.test(line));
  const kept = lines.filter((line) => !closing.includes(line) && !line.startsWith('not run: ') && !isOld(line));
  const unrun = lines.find((line) => line.startsWith('not run: ')) ?? '';
  const missing = tests.filter(
    (file) => !known.includes(`\`${file}\``) || unrun.includes(`\`${path.basename(file)}\``),
  );
  return [...kept, ...fresh.map(({ line }) => line), ...closing, ...notRun(missing)].join('<br>');
}

/** A promise's figures: of all of it (name ''), or of a part ("zips"). */
function figuresOf(told, figures) {
  return figures
    .filter(({ promise }) => promise === told || promise.startsWith(`${told}: `))
    .map(({ promise, figure }) => {
      const name = promise.slice(told.length + 2);
      return { name, line: name === '' ? figure : `${name}: ${figure}` };
    });
}

const notRun = (files) =>
  files.length > 0 ? [`not run: ${files.map((file) => `\`${path.basename(file)}\``).join(', ')}`] : [];

function measured(tests, told, figures, outcomes) {
  const counts = tests.flatMap((file) => outcomes.get(file) ?? []);
  const passed = counts.reduce((n, count) => n + count.passed, 0);
  const failed = counts.reduce((n, count) => n + count.failed, 0);
  const missing = tests.filter((file) => !outcomes.has(file));
  const own = told ? figuresOf(told, figures) : [];
  return [
    ...own.map(({ line }) => line),
    ...(told && own.length === 0 ? ['**not measured in this run**'] : []),
    `${passed} tests passed, ${failed} failed`,
    ...notRun(missing),
  ].join('<br>');
}

function run(command, args, env) {
  spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
}

/** Passed and failed by file, of vitest's report. */
function readVitest(report) {
  const { testResults = [] } = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
  return testResults.map(({ name, assertionResults }) => {
    const of = (status) => assertionResults.filter((test) => test.status === status).length;
    return [path.relative(ROOT, name).split(path.sep).join('/'), { passed: of('passed'), failed: of('failed') }];
  });
}

function readPlaywright(report) {
  const { suites = [] } = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
  return suites.map(({ file, specs }) => {
    const passed = specs.filter(({ ok }) => ok).length;
    return [`e2e/${path.basename(file)}`, { passed, failed: specs.length - passed }];
  });
}

/** What earlier parts of this report have measured. */
function readMeasured() {
  if (!existsSync(MEASURED)) return { outcomes: new Map(), figures: new Map() };
  const { outcomes, figures } = JSON.parse(readFileSync(MEASURED, 'utf8'));
  return { outcomes: new Map(outcomes), figures: new Map(figures) };
}

async function main() {
  const all = [...new Set(PROMISES.flatMap(({ tests }) => tests))];
  const taken = process.argv.slice(2).filter((name) => name.endsWith('.jsonl'));
  const asked = process.argv.slice(2).filter((name) => !taken.includes(name));
  const unknown = asked.find((file) => !all.includes(file));
  if (unknown) throw new Error(`Cannot report "${unknown}": need test files of the report, or nothing for all of them`);
  mkdirSync(path.dirname(MEASURED), { recursive: true });
  const isWhole = asked.length + taken.length === 0;
  if (isWhole) rmSync(MEASURED, { force: true });
  rmSync(FIGURES, { force: true });
  const { outcomes, figures } = readMeasured();
  const reports = path.join(ROOT, 'test-results/reports');
  const env = { GRAFT_FIGURES: FIGURES, GRAFT_JUDGE_TIMES: '1', GRAFT_KILLS: process.env.GRAFT_KILLS ?? '50' };
  const take = (entries) => entries.forEach(([file, counts]) => void outcomes.set(file, counts));
  const chosen = isWhole ? all : asked;
  const part = (script, isOf, read, report) => {
    const files = chosen.filter(isOf);
    if (files.length === 0) return;
    run('npm', ['run', script, '--', ...files], env);
    take(read(path.join(reports, report)));
  };
  const isUnit = (file) => file.startsWith('src/');
  part('test:unit', (file) => isUnit(file) && !file.includes('.long.'), readVitest, 'unit.json');
  const isSwept = (file) => file === SWEEP && process.env.GRAFT_FAULTS === 'all';
  part('test:long', (file) => isUnit(file) && file.includes('.long.') && !isSwept(file), readVitest, 'unit.json');
  for (const file of chosen.filter(isSwept)) {
    const figure = sweepFaults();
    if (figure !== undefined) figures.set('faults', figure);
    take([[file, { passed: figure === undefined ? 0 : 1, failed: figure === undefined ? 1 : 0 }]]);
  }
  part('e2e', (file) => file.startsWith('e2e/'), readPlaywright, 'e2e.json');
  for (const file of chosen.filter((name) => name.startsWith('tools/'))) {
    const { status } = spawnSync(process.execPath, ['--test', file], { cwd: ROOT });
    take([[file, { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1 }]]);
  }
  const told = [FIGURES, ...taken]
    .filter((file) => file !== FIGURES || existsSync(file))
    .flatMap((file) => readFileSync(file, 'utf8').trim().split('\n'));
  for (const { promise, figure } of told.map((line) => JSON.parse(line))) figures.set(promise, figure);
  writeFileSync(MEASURED, JSON.stringify({ outcomes: [...outcomes], figures: [...figures] }));
  const { name } = await ensureGpu();
  const facts = { date: new Date().toISOString().slice(0, 10), device: name, machine: `${os.cpus().length} cores` };
  const list = [...figures].map(([promise, figure]) => ({ promise, figure }));
  writeFileSync(REPORT, writeReport(PROMISES, list, outcomes, facts, isWhole ? '' : readFileSync(REPORT, 'utf8')));
  const failed = [...outcomes.values()].reduce((n, counts) => n + counts.failed, 0);
  console.log(`docs/reliability.md is written: ${figures.size} figures, ${failed} failed tests`);
  process.exitCode = failed > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main();
