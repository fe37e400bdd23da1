// `graft export --to cluster`: the folder, launched as its README says but on two processes of this machine (gloo), goes on
// from the adapter, and its first loss is the one that Graft has when it goes on.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { report, skip, TOOLS } from './report.mjs';
import { start } from './start.mjs';

/** As in src/engine/cluster/requirements.txt; torch and its neighbours are the Python's own. */
const PACKAGES = ['trl==1.16.0', 'datasets==5.2.0'];
const NEIGHBOURS = ['pyarrow', 'pandas', 'dill', 'multiprocess', 'xxhash', 'python-dateutil', 'pytz', 'six'];
const NETWORK = [
  'aiohttp',
  'aiosignal',
  'attrs',
  'frozenlist',
  'multidict',
  'propcache',
  'yarl',
  'aiohappyeyeballs',
  'idna',
];
const FOLDER = path.join(TOOLS, 'trl-1.16.0');
const FIRST_LOSS = 1e-3;

export async function checkCluster({ graft, python, model, work, data }) {
  const problem = install(python);
  if (problem !== undefined) return skip('the folder for a cluster', problem);
  const [adapter, out, log] = [`${work}/adapter`, `${work}/export-cluster`, `${work}/log-go-on.jsonl`];
  const exported = graft(
    'export',
    '--adapter',
    adapter,
    '--model',
    model,
    '--to',
    'cluster',
    '--data',
    data,
    '--out',
    out,
  );
  const settings = ['--steps', 1, '--lr', 1e-3, '--batch-size', 2, '--seq-len', 128, '--seed', 0];
  const from = ['--model', model, '--data', data, '--init-adapter', adapter, '--out', `${work}/go-on`];
  const goneOn = graft('train', ...from, ...settings, '--log', log);

  // Some installations of torch without CUDA need a module of theirs before it; elsewhere this does nothing.
  const shim = `${work}/python`;
  mkdirSync(shim, { recursive: true });
  writeFileSync(`${shim}/sitecustomize.py`, 'try:\n    import graft_torch_cpu\nexcept ImportError:\n    pass\n');
  const quiet = {
    HF_HUB_OFFLINE: '1',
    CUDA_VISIBLE_DEVICES: '',
    OMP_NUM_THREADS: '1',
    ACCELERATE_USE_CPU: 'true',
    TQDM_DISABLE: '1',
    PYTHONWARNINGS: 'ignore',
  };
  const env = { ...process.env, ...quiet, PYTHONPATH: [path.resolve(shim), FOLDER].join(path.delimiter) };
  const launch = ['-m', 'accelerate.commands.launch', '--config_file', 'accelerate/ddp.yaml', '--num_processes', '2'];
  const rest = ['--mixed_precision', 'no', '--main_process_port', '29533', 'train.py', '--steps', '2'];
  await exported;
  const { status, stdout, stderr } = await start(python, [...launch, ...rest], { cwd: out, env, timeout: 600_000 });
  await goneOn;
  if (status !== 0) return report([['accelerate launch goes on from the adapter', false, stderr.trim().slice(-600)]]);
  const state = JSON.parse(readFileSync(`${out}/adapter-out/trainer_state.json`, 'utf8'));
  const found = state.log_history.filter(({ loss }) => loss !== undefined).map(({ loss }) => Number(loss));
  const expected = existsSync(log) ? JSON.parse(readFileSync(log, 'utf8').split('\n')[0]).loss : Number.NaN;
  const difference = Math.abs(found[0] - expected);
  const first = JSON.parse(readFileSync(`${work}/log-train.jsonl`, 'utf8').split('\n')[0]).loss;
  return report([
    [
      'accelerate launches two processes that share the rows of a step',
      /2 processes x 1 rows x 1 times/.test(stdout),
      stdout
        .trim()
        .split('\n')
        .find((l) => l.startsWith('a step')) ?? stdout.slice(-200),
    ],
    [
      'the first loss on the cluster is the one that Graft goes on with',
      difference <= FIRST_LOSS,
      `${found[0]} against ${expected}`,
    ],
    [
      'the first loss is not that of a fresh adapter',
      Math.abs(first - expected) > 10 * FIRST_LOSS,
      `${first} before training`,
    ],
    [
      'what was trained there is a PEFT adapter',
      existsSync(`${out}/adapter-out/adapter_model.safetensors`),
      'adapter-out',
    ],
  ]);
}

/** The packages beside the Python's own, which has torch, transformers, peft and accelerate. */
function install(python) {
  const ready = `${FOLDER}/ready`;
  if (existsSync(ready)) return undefined;
  console.log(`Installing ${PACKAGES.join(' and ')} (290 MB) under ${FOLDER}`);
  rmSync(FOLDER, { recursive: true, force: true });
  const flags = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', FOLDER];
  const { status, stderr } = spawnSync(python, [...flags, ...PACKAGES, ...NEIGHBOURS, ...NETWORK], {
    encoding: 'utf8',
  });
  if (status !== 0) return `TRL could not be installed: ${stderr?.trim().split('\n').at(-1)}`;
  writeFileSync(ready, '');
  return undefined;
}
