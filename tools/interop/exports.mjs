// What `graft export` writes, opened by the programs that it is for: PEFT and transformers, llama.cpp (node-llama-cpp), and
// mlx-lm where it can be installed. Programs that only these checks need are installed on demand, at fixed versions.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { report, skip, TOOLS } from './report.mjs';
import { start } from './start.mjs';

const LLAMA_CPP = '3.22.1';
const LLAMA_FOLDER = path.join(TOOLS, 'llama-cpp');
const MLX_PACKAGES = ['mlx[cpu]==0.32.4', 'mlx-lm==0.32.2'];
const MLX_FOLDER = path.join(TOOLS, 'mlx');
const GREEDY_TOKENS = 16;
const GOLDENS = '../shared/goldens';
/** Adapters with what they sit on. Over the tied base, head and embedding have to part. */
const VARIANTS = [
  ['dora_all_linear', 'llama_untied'],
  ['rank_pattern', 'llama_untied'],
  ['modules_to_save', 'llama_untied'],
  ['modules_to_save', 'llama'],
  ['embedding_lm_head', 'llama_untied'],
  ['train_tokens', 'llama_untied'],
  ['gpt2_dora', 'gpt2'],
  ['gpt2_bias_lora_only', 'gpt2'],
];

/** Exports the adapter in every form and checks each; returns { passed, failed, skipped }. */
export async function checkExports({ graft, run, python, model, base, work }) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const out = (name) => `${work}/export-${name}`;
  const adapter = `${work}/adapter`;
  const write = (to, name, ...flags) =>
    graft('export', '--adapter', adapter, '--model', model, '--to', to, '--out', out(name), ...flags);
  // Ranks, strengths and magnitudes of each module, in files that have one rank or one alpha for all.
  const patterns = ['--adapter', `${work}/trained/patterns`, '--model', model];
  const fromGguf = ['--model', out('merged-f32.gguf'), '--to', 'merged-safetensors', '--out', out('from-gguf')];
  await Promise.all([
    write('merged-gguf', 'merged-f32.gguf', '--type', 'f32').then(() =>
      graft('export', ...fromGguf, '--type', 'f32', '--quant', 'f32'),
    ),
    makeOutsideBlocks({ graft, model, work, out }),
    write('peft', 'peft'),
    write('mlx', 'mlx'),
    write('gguf', 'adapter.gguf'),
    write('ollama', 'ollama'),
    write('merged-safetensors', 'merged-f32', '--type', 'f32'),
    write('merged-safetensors', 'merged-f16', '--type', 'f16'),
    write('merged-safetensors', 'merged-bf16', '--type', 'bf16'),
    write('merged-gguf', 'merged-q8_0.gguf', '--type', 'q8_0'),
    graft('export', ...patterns, '--to', 'gguf', '--out', out('patterns.gguf')),
    graft('export', ...patterns, '--to', 'mlx', '--out', out('mlx-patterns')),
    graft('export', '--adapter', `${work}/trained/dora`, '--model', model, '--to', 'mlx', '--out', out('mlx-dora')),
    graft('export', '--model', model, '--to', 'merged-gguf', '--out', out('base-f32.gguf'), '--type', 'f32'),
  ]);
  const verified = run(python, ['tools/interop/verify_exports.py', base, work]).then(() =>
    JSON.parse(readFileSync(`${work}/exports-result.json`, 'utf8')),
  );
  const done = [
    verified,
    checkVariants({ graft, python, work }),
    checkMlx({ work }),
    checkLlamaCpp({ graft, model, adapter, work, out }),
  ];
  for (const more of await Promise.all(done)) add(counts, more);
  return counts;
}

/** Adapters of every variant, where the reference adapters lie beside the repository. */
async function checkVariants({ graft, python, work }) {
  if (!existsSync(`${GOLDENS}/llama_variants`)) return skip('merging of variants', `${GOLDENS} is not there`);
  const cases = VARIANTS.map(([name, base]) => ({ name, base, out: `${work}/variant-${base}-${name}` }));
  const merge = ({ name, base, out }) => {
    const [adapter, model] = [`${GOLDENS}/llama_variants/${name}/adapter`, `${GOLDENS}/${base}/model`];
    const exact = ['--type', 'f32', '--quant', 'f32'];
    const to = ['--to', 'merged-safetensors', '--out', out];
    return graft('export', '--adapter', adapter, '--model', model, ...to, ...exact);
  };
  await Promise.all(cases.map(merge));
  const file = `${work}/variants.json`;
  writeFileSync(file, JSON.stringify(cases));
  const args = ['tools/interop/verify_variants.py', GOLDENS, work, file];
  const { status, stdout, stderr } = await start(python, args);
  if (status !== 0) return report([['merging of variants', false, stderr.trim().slice(-500)]]);
  return report(JSON.parse(stdout.trim().split('\n').at(-1)));
}

/** llama.cpp continues a prompt as Graft does: over its own GGUF base with the GGUF adapter, and merged. */
async function checkLlamaCpp({ graft, model, adapter, work, out }) {
  const problem = installLlamaCpp();
  if (problem !== undefined) return skip('llama.cpp', problem);
  const prompt = '<|im_start|>user\nHow are you today?<|im_end|>\n<|im_start|>assistant\n';
  const untied = [out('untied'), '--quant', 'f32'];
  const answer = async (flags, of = [model]) => {
    const limits = ['--max-tokens', GREEDY_TOKENS, '--temperature', 0, '--ignore-eos', '--json'];
    const text = await graft('generate', '--model', ...of, ...flags, '--chat', 'How are you today?', ...limits);
    return text && JSON.parse(text.trim().split('\n').at(-1)).ids;
  };
  const [withAdapter, withPatterns, plain, plainUntied, outside] = await Promise.all([
    answer(['--adapter', adapter]),
    answer(['--adapter', `${work}/trained/patterns`]),
    answer([]),
    answer([], untied),
    answer(['--adapter', out('outside.gguf')], untied),
  ]);
  const cases = [
    { name: 'the GGUF base', model: out('base-f32.gguf'), ids: plain },
    {
      name: 'the GGUF base with the GGUF adapter',
      model: out('base-f32.gguf'),
      lora: out('adapter.gguf'),
      ids: withAdapter,
    },
    {
      name: 'the GGUF base with ranks and strengths of each module',
      model: out('base-f32.gguf'),
      lora: out('patterns.gguf'),
      ids: withPatterns,
    },
    { name: 'the merged GGUF', model: out('merged-f32.gguf'), ids: withAdapter },
    { name: 'a base with a head of its own', model: out('untied.gguf'), ids: plainUntied },
    {
      name: 'the same with LoRA on head and embedding',
      model: out('untied.gguf'),
      lora: out('outside.gguf'),
      ids: outside,
    },
  ];
  const jobs = `${work}/llama-jobs.json`;
  const results = path.resolve(`${work}/llama-results.json`);
  const load = [
    ...cases,
    { name: 'the merged Q8_0', model: out('merged-q8_0.gguf') },
    { name: 'Ollama’s model', model: out('ollama/model.gguf') },
  ];
  writeFileSync(jobs, JSON.stringify(load.map((c) => ({ ...c, prompt, count: GREEDY_TOKENS }))));
  rmSync(results, { force: true });
  const args = ['tools/interop/llama-cpp.mjs', LLAMA_FOLDER, jobs, results];
  const { status, stderr } = await start(process.execPath, args, { timeout: 600_000 });
  if (!existsSync(results)) {
    console.log(`  FAIL  llama.cpp: ended with ${status}: ${stderr.slice(-500)}`);
    return { passed: 0, failed: 1 };
  }
  const found = JSON.parse(readFileSync(results, 'utf8'));
  const checks = cases.map((c, i) => [
    `llama.cpp continues ${c.name} as Graft does`,
    same(found[i].ids, c.ids),
    `${found[i].ids} against ${c.ids}`,
  ]);
  checks.push([
    'llama.cpp reads the prompt as Graft’s tokenizer',
    found.every((f) => same(f.prompt, found[0].prompt)) && found[0].prompt.length > 8,
    `${found[0].prompt}`,
  ]);
  checks.push([
    'LoRA on head and embedding changes what llama.cpp says',
    !same(found[4].ids, found[5].ids),
    `${found[4].ids}`,
  ]);
  checks.push([
    'either adapter changes what llama.cpp says',
    !same(found[0].ids, found[1].ids) && !same(found[0].ids, found[2].ids) && !same(found[1].ids, found[2].ids),
    `${found[0].ids}`,
  ]);
  for (const i of [6, 7])
    checks.push([
      `llama.cpp opens ${load[i].name}`,
      found[i].ids?.length === GREEDY_TOKENS,
      `${found[i].error ?? found[i].ids}`,
    ]);
  return report([...checks, ...(await checkTied({ graft, model, work, out }))]);
}

/** Why Graft writes no LoRA on head or embedding where they are one matrix: llama.cpp has no head then, and takes one for the other. */
async function checkTied({ graft, model, work, out }) {
  const prompt = 'Once upon a time';
  const outcome = async (lora) => {
    const results = path.resolve(`${work}/llama-tied-${lora}.json`);
    const jobs = `${work}/llama-tied-${lora}-jobs.json`;
    writeFileSync(jobs, JSON.stringify([{ model: out('base-f32.gguf'), lora: out(lora), prompt, count: 4 }]));
    rmSync(results, { force: true });
    const args = ['tools/interop/llama-cpp.mjs', LLAMA_FOLDER, jobs, results];
    const { stderr } = await start(process.execPath, args, { timeout: 600_000 });
    return `${stderr} ${existsSync(results) ? readFileSync(results, 'utf8') : 'no answer'}`.trim();
  };
  const lmHead = ['--adapter', `${work}/trained/lm_head`, '--model', model, '--to', 'gguf', '--out', out('x.gguf')];
  const [head, embedding, refused] = await Promise.all([
    outcome('outside.gguf'),
    outcome('embedding.gguf'),
    graft('export', ...lmHead),
  ]);
  return [
    [
      'llama.cpp refuses LoRA on the head of a tied base',
      /output\.weight.*does not exist/s.test(head),
      head.slice(-150),
    ],
    [
      'llama.cpp ends at LoRA on the embedding of a tied base',
      /can_mul_mat.*no answer/s.test(embedding),
      embedding.slice(-150),
    ],
    ['Graft writes neither', refused === undefined, 'refused by name, above'],
  ];
}

/** A base whose head is a matrix of its own, and adapters on its head and its embedding. */
async function makeOutsideBlocks({ graft, model, work, out }) {
  const trained = ['--adapter', `${work}/trained/modules_to_save`, '--model', model];
  const exact = ['--type', 'f32', '--quant', 'f32'];
  await graft('export', ...trained, '--to', 'merged-safetensors', ...exact, '--out', out('untied'));
  const untied = ['--model', out('untied'), '--quant', 'f32'];
  const settings = ['--data', `${work}/train.jsonl`, '--steps', 6, '--batch-size', 2, '--seq-len', 48, '--lr', 2e-2];
  const make = async (name, targets) => {
    await graft('train', ...untied, ...settings, '--targets', targets, '--out', out(name));
    await graft('export', '--adapter', out(name), ...untied, '--to', 'gguf', '--out', out(`${name}.gguf`));
  };
  await Promise.all([
    make('outside', 'embed_tokens,lm_head'),
    make('embedding', 'embed_tokens'),
    graft('export', ...untied, '--to', 'merged-gguf', '--type', 'f32', '--out', out('untied.gguf')),
  ]);
}

function installLlamaCpp() {
  const platform = {
    'linux-x64': 'linux-x64',
    'linux-arm64': 'linux-arm64',
    'darwin-arm64': 'mac-arm64-metal',
    'darwin-x64': 'mac-x64',
    'win32-x64': 'win-x64',
  }[`${process.platform}-${process.arch}`];
  if (platform === undefined) return `no prebuilt llama.cpp for ${process.platform} ${process.arch}`;
  const ready = `${LLAMA_FOLDER}/${LLAMA_CPP}`;
  if (existsSync(ready)) return undefined;
  console.log(`Installing node-llama-cpp ${LLAMA_CPP} (85 MB) under ${LLAMA_FOLDER}`);
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const packages = [`node-llama-cpp@${LLAMA_CPP}`, `@node-llama-cpp/${platform}@${LLAMA_CPP}`];
  const flags = ['install', '--silent', '--prefix', LLAMA_FOLDER, '--omit=optional', '--ignore-scripts', '--no-audit'];
  const { status, stderr } = spawnSync(npm, [...flags, ...packages], {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) return `it could not be installed: ${stderr?.trim().split('\n').at(-1)}`;
  writeFileSync(ready, '');
  return undefined;
}

/** mlx-lm runs on Apple's GPUs, and on processors where its packages are; elsewhere verify_exports.py alone has compared its keys. */
async function checkMlx({ work }) {
  const python = `${MLX_FOLDER}/bin/python`;
  const ready = `${MLX_FOLDER}/ready`;
  if (!existsSync(ready)) {
    console.log(`Making ${MLX_FOLDER} with ${MLX_PACKAGES.join(', ')} (350 MB)`);
    rmSync(MLX_FOLDER, { recursive: true, force: true });
    const venv = spawnSync('python3', ['-m', 'venv', MLX_FOLDER]);
    const made =
      venv.status === 0 &&
      spawnSync(python, ['-m', 'pip', 'install', '--quiet', ...MLX_PACKAGES], { encoding: 'utf8' });
    if (made?.status !== 0)
      return skip(
        'mlx-lm',
        `it could not be installed: ${(made || venv).stderr?.toString().trim().split('\n').at(-1)}`,
      );
    writeFileSync(ready, '');
  }
  const { status, stdout, stderr } = await start(python, ['tools/interop/verify_mlx.py', work]);
  if (status !== 0)
    return report([['mlx-lm opens Graft’s adapter and merged model', false, stderr.trim().slice(-500)]]);
  return report(JSON.parse(stdout.trim().split('\n').at(-1)));
}

function same(a, b) {
  return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((x, i) => x === b[i]);
}

function add(counts, more) {
  for (const [key, value] of Object.entries(more)) counts[key] += value;
}
