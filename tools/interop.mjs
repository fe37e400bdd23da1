// `npm run test:interop`: trains, scores and generates with Graft, does the same with torch, transformers and PEFT, and
// compares. GRAFT_PYTHON names a Python that has them; without it one is made under .cache (a large download, once).
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { checkCluster } from './interop/cluster.mjs';
import { checkExports } from './interop/exports.mjs';
import { start } from './interop/start.mjs';
import { checkTrained } from './interop/trained.mjs';

const ROOT = path.join(import.meta.dirname, '..');
const MODEL = 'public/models/scion';
const WORK = '.cache/interop';
const BASE = `${WORK}/base`;
const PACKAGES = [
  'torch==2.13.0',
  'transformers==5.23.0',
  'peft==0.21.2',
  'accelerate==1.15.0',
  'numpy',
  'safetensors',
];
/** As in tools/interop/common.py, which trains the same way. */
const TRAINING = ['--batch-size', 2, '--seq-len', 48, '--lr', 1e-3, '--schedule', 'constant', '--weight-decay', 0.01];
const GREEDY_TOKENS = 12;

process.chdir(ROOT);
const counts = { passed: 0, failed: 0 };
let skipped = 0;
let python;
try {
  python = await findPython();
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(WORK, { recursive: true });
  await run(python, ['tools/pretrain/export_transformers.py', MODEL, BASE]);
  await run(python, ['tools/interop/prepare.py', BASE, exampleFile(), WORK]);
  const parts = { graft, run, python, model: MODEL, base: BASE, work: WORK, data: exampleFile() };
  const adapter = trainAdapter();
  const trained = checkTrained(parts);
  const checks = [
    adapter.then(checkAdapter),
    trained,
    Promise.all([adapter, trained]).then(() => checkExports(parts)),
    adapter.then(() => checkCluster(parts)),
  ];
  for (const { value, reason } of await Promise.allSettled(checks)) {
    if (reason !== undefined) console.error(reason.message);
    counts.passed += value?.passed ?? 0;
    counts.failed += value?.failed ?? 1;
    skipped += value?.skipped ?? 0;
  }
} catch (error) {
  console.error(error.message);
  counts.failed += 1;
}
console.log(
  `\ninterop: ${counts.passed} passed, ${counts.failed} failed${skipped ? `, ${skipped} skipped (said above)` : ''}`,
);
process.exit(counts.failed || !counts.passed ? 1 : 0);

function train(data, out, ...flags) {
  return graft('train', '--model', MODEL, '--data', data, '--out', out, '--seed', 0, ...flags);
}

/** The adapter that most checks are about. */
function trainAdapter() {
  const settings = ['--steps', 12, '--rank', 8, '--alpha', 16, '--lr', 1e-3, '--batch-size', 2, '--seq-len', 128];
  return train(exampleFile(), `${WORK}/adapter`, ...settings, '--log', `${WORK}/log-train.jsonl`);
}

/** What Graft computes with it and with PEFT's. A command that fails leaves its file out, and verify.py names what is missing. */
async function checkAdapter() {
  const rows = `${WORK}/rows.jsonl`;
  const score = (name, adapter, model = MODEL) => {
    const chosen = adapter ? ['--adapter', adapter] : [];
    return graft('score', '--model', model, ...chosen, '--data', rows, '--logits', `${WORK}/graft-${name}.safetensors`);
  };
  const fixed = [...TRAINING, '--shuffle', 'false', '--clip', 1];
  const from = (name, steps, log) =>
    train(
      `${WORK}/train.jsonl`,
      `${WORK}/from-${name}`,
      ...fixed,
      '--init-adapter',
      `${WORK}/peft-${name}`,
      '--steps',
      steps,
      '--log',
      log,
    );
  const prompts = readFileSync(rows, 'utf8')
    .split('\n')
    .slice(1, 3)
    .map((line) => JSON.parse(line).input_ids);
  const answer = async (prompt, i) => {
    const limits = ['--max-tokens', GREEDY_TOKENS, '--temperature', 0, '--ignore-eos', '--json'];
    const chosen = ['--adapter', `${WORK}/adapter`, '--ids', prompt.join()];
    const text = await graft('generate', '--model', MODEL, ...chosen, ...limits);
    if (text === undefined) return;
    const found = JSON.parse(text.trim().split('\n').at(-1)).ids;
    writeFileSync(`${WORK}/graft-greedy-${i}.json`, JSON.stringify({ prompt, found, count: GREEDY_TOKENS }));
  };
  await Promise.all([
    score('base'),
    score('torch', undefined, `${WORK}/torch`),
    score('adapter', `${WORK}/adapter`),
    ...['qv-r4', 'all-rslora', 'embeddings'].map((name) => score(name, `${WORK}/peft-${name}`)),
    from('all-rslora', 1, `${WORK}/log-first.jsonl`),
    from('fresh', 5, `${WORK}/log-trajectory.jsonl`),
    ...prompts.map(answer),
  ]);
  await run(python, ['tools/interop/verify.py', BASE, WORK]);
  return JSON.parse(readFileSync(`${WORK}/result.json`, 'utf8'));
}

/** What the command printed; undefined, with its own words on the screen, when it failed. */
async function graft(...args) {
  const { status, stdout, stderr } = await start(process.execPath, ['bin/graft.mjs', ...args]);
  console.log(`graft ${args.join(' ').slice(0, 160)}`);
  if (status === 0) return stdout;
  console.error(`  ended with ${status}: ${stderr.trim()}`);
  return undefined;
}

async function run(command, args) {
  const quiet = {
    PYTHONWARNINGS: 'ignore',
    TRANSFORMERS_VERBOSITY: 'error',
    HF_HUB_DISABLE_PROGRESS_BARS: '1',
    TQDM_DISABLE: '1',
  };
  const env = { ...process.env, ...quiet, HF_HUB_OFFLINE: '1', CUDA_VISIBLE_DEVICES: '' };
  const { status } = await start(command, args, { env, isShown: true });
  if (status !== 0) throw new Error(`Cannot go on: ${command} ${args[0]} ended with ${status}`);
}

function exampleFile() {
  const [name] = readdirSync('public/examples')
    .filter((file) => file.endsWith('.jsonl'))
    .sort();
  if (!name) throw new Error('Cannot train: found no .jsonl file in public/examples, need one');
  return `public/examples/${name}`;
}

async function findPython() {
  if (process.env.GRAFT_PYTHON) return process.env.GRAFT_PYTHON;
  const venv = path.join(ROOT, '.cache/interop-venv');
  const found = path.join(venv, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  const ready = path.join(venv, 'ready');
  if (existsSync(ready)) return found;
  console.log(
    `Making ${path.relative(ROOT, venv)} with ${PACKAGES.join(', ')} (set GRAFT_PYTHON to use a Python that has them)`,
  );
  rmSync(venv, { recursive: true, force: true });
  await run(process.platform === 'win32' ? 'python' : 'python3', ['-m', 'venv', venv]);
  await run(found, ['-m', 'pip', 'install', '--quiet', ...PACKAGES]);
  writeFileSync(ready, '');
  return found;
}
