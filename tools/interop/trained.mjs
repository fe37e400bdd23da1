// Adapters of every kind that Graft trains from a recipe and saves, opened by PEFT itself, and bottleneck adapters by AdapterHub's
// package. What an adapter answered on the device stands in its receipt: the package has to give the same logits, greedily
// the same ids, and must notice when what is special in the adapter is disturbed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { report, skip, TOOLS } from './report.mjs';
import { start } from './start.mjs';

/** AdapterHub's package wants an older transformers: both in a folder of their own, beside the Python's torch. */
const ADAPTERHUB = ['adapters==1.3.0', 'transformers==4.57.6', 'huggingface-hub==0.36.0', 'tokenizers==0.22.1'];
const ADAPTERHUB_FOLDER = path.join(TOOLS, 'adapters-1.3.0');

/** GPT-2's linears are Conv1D (fan_in_fan_out) and have biases; this one has a tied head and no tokenizer. */
const GPT2 = 'src/train/testing/fixtures/gpt2_hub/model';
const GPT2_VOCABULARY = 48;
const SETTINGS = { steps: 6, batchSize: 2, seqLen: 48, rank: 4, alpha: 8, learningRate: 1e-2, schedule: 'constant' };
const QV = ['q_proj', 'v_proj'];
const GREEDY_TOKENS = 12;

/** What is no LoRA; `byAdapterHub`: whose package opens it. */
function methods() {
  return [
    {
      name: 'ia3',
      settings: {
        method: 'ia3',
        ia3: { target_modules: ['k_proj', 'v_proj', 'down_proj'], feedforward_modules: ['down_proj'] },
      },
      part: 'ia3_l',
    },
    {
      name: 'ia3-norms',
      settings: {
        method: 'ia3',
        ia3: { target_modules: ['q_proj', 'o_proj'], feedforward_modules: [], modules_to_save: ['norm'] },
      },
      part: 'modules_to_save',
    },
    {
      name: 'prompt',
      settings: {
        method: 'prompt-tuning',
        promptTuning: {
          num_virtual_tokens: 5,
          prompt_tuning_init: 'TEXT',
          prompt_tuning_init_text: 'Answer as a pirate would.',
        },
      },
      part: 'prompt_encoder',
    },
    { name: 'gpt2-ia3', base: GPT2, settings: { method: 'ia3' }, part: 'ia3_l' },
    {
      name: 'gpt2-prompt',
      base: GPT2,
      settings: { method: 'prompt-tuning', promptTuning: { num_virtual_tokens: 3 } },
      part: 'prompt_encoder',
    },
    {
      name: 'pfeiffer',
      settings: { method: 'bottleneck' },
      part: 'adapter_up.weight',
      byAdapterHub: true,
    },
    {
      name: 'houlsby',
      settings: { method: 'bottleneck', bottleneck: { placement: 'houlsby', reduction_factor: 8, scaling: 2 } },
      part: 'adapter_down.0.weight',
      byAdapterHub: true,
    },
    {
      name: 'gpt2-bottleneck',
      base: GPT2,
      settings: { method: 'bottleneck', bottleneck: { placement: 'houlsby', reduction_factor: 4 } },
      part: 'adapter_up.bias',
      byAdapterHub: true,
    },
  ].map((method) => ({ ...method, isGreedy: method.base === undefined }));
}

/** `part`: names of PEFT's parameters that make the kind, or 'scaling'. */
function kinds(tokens) {
  return [
    { name: 'dora', lora: { target_modules: QV, use_dora: true }, part: 'lora_magnitude_vector' },
    { name: 'modules_to_save', lora: { modules_to_save: ['lm_head', 'norm'] }, part: 'modules_to_save' },
    { name: 'embed_tokens', lora: { target_modules: ['q_proj', 'embed_tokens'] }, part: 'lora_embedding_B' },
    {
      name: 'lm_head',
      lora: { target_modules: ['q_proj', 'embed_tokens', 'lm_head'] },
      part: '^(?=.*lm_head).*lora_B',
    },
    { name: 'tokens', lora: { target_modules: QV, trainable_token_indices: tokens }, part: 'trainable_tokens_delta' },
    { name: 'lora_bias', lora: { target_modules: QV, lora_bias: true }, part: 'lora_B.*bias' },
    { name: 'rslora', lora: { target_modules: '.*\\.(q_proj|up_proj)', use_rslora: true }, part: 'scaling' },
    {
      name: 'patterns',
      lora: {
        use_rslora: true,
        rank_pattern: { '0.self_attn.q_proj': 2, down_proj: 6 },
        alpha_pattern: { '1.self_attn.k_proj': 3, up_proj: 24 },
      },
      part: 'scaling',
    },
    { name: 'gpt2', base: GPT2, lora: {}, part: 'lora_B' },
    { name: 'gpt2-bias-all', base: GPT2, lora: { bias: 'all' }, part: 'ln_1\\.bias' },
    { name: 'gpt2-bias-lora-only', base: GPT2, lora: { bias: 'lora_only' }, part: 'base_layer\\.bias' },
    {
      name: 'gpt2-dora',
      base: GPT2,
      lora: { use_dora: true, rank_pattern: { c_attn: 2 } },
      part: 'lora_magnitude_vector',
    },
    { name: 'eva', lora: { init_lora_weights: 'eva', eva_config: { rho: 3, whiten: true } }, part: 'lora_B' },
  ];
}

/** Trains all of them, up to four over one base at once, and lets the packages open each; returns { passed, failed, skipped }. */
export async function checkTrained({ graft, python, model, base, work }) {
  const rows = `${work}/train.jsonl`;
  const cases = [...kinds(frequentTokens(rows)), ...methods()].map((kind) => ({
    base,
    settings: { lora: kind.lora },
    ...kind,
    adapter: `${work}/trained/${kind.name}`,
  }));
  mkdirSync(`${work}/trained`, { recursive: true });
  const gpt2Rows = `${work}/gpt2-rows.jsonl`;
  const row = (i) => Array.from({ length: 24 }, (_, t) => 3 + ((5 * i + 7 * t * (i + 1)) % (GPT2_VOCABULARY - 3)));
  const lines = Array.from({ length: 8 }, (_, i) => JSON.stringify({ input_ids: row(i), labels: row(i) }));
  writeFileSync(gpt2Rows, lines.join('\n'));
  const modelOf = (one) => (one.base === GPT2 ? [GPT2, '--quant', 'f32'] : [model]);
  const trainFour = (four, i) => {
    const file = `${work}/trained/recipe-${i}.json`;
    const adapters = four.map(({ name, settings }) => ({ name, settings }));
    writeFileSync(file, JSON.stringify({ recipe: 1, settings: SETTINGS, adapters }));
    const data = four[0].base === GPT2 ? gpt2Rows : rows;
    const from = ['--config', file, '--data', data, '--out', `${work}/trained`];
    return graft('train', ...from, '--model', ...modelOf(four[0]));
  };
  await Promise.all(inFours(cases).map(trainFour));
  const goOn = async (one) => {
    one.prompt = row(one.name.length).slice(0, 9);
    const limits = ['--max-tokens', GREEDY_TOKENS, '--temperature', 0, '--ignore-eos', '--json'];
    const from = ['--adapter', one.adapter, '--ids', one.prompt.join(), ...limits];
    const text = await graft('generate', '--model', ...modelOf(one), ...from);
    one.greedy = text && JSON.parse(text.trim().split('\n').at(-1)).ids;
  };
  await Promise.all(cases.filter(({ isGreedy }) => isGreedy).map(goOn));
  const [theirs, others] = [cases.filter((one) => one.byAdapterHub), cases.filter((one) => !one.byAdapterHub)];
  const problem = installAdapterHub(python);
  const [counts, more] = await Promise.all([
    verify(python, `${work}/trained/cases.json`, others, 'PEFT'),
    problem === undefined
      ? verify(python, `${work}/trained/cases-adapterhub.json`, theirs, 'AdapterHub', { PYTHONPATH: ADAPTERHUB_FOLDER })
      : skip('AdapterHub’s package', problem),
  ]);
  return {
    passed: counts.passed + more.passed,
    failed: counts.failed + more.failed,
    skipped: more.skipped ?? 0,
  };
}

/** Up to four in each, all over one base. */
function inFours(cases) {
  const fours = [];
  for (const one of cases) {
    const last = fours.at(-1);
    if (last === undefined || last.length === 4 || last[0].base !== one.base) fours.push([one]);
    else last.push(one);
  }
  return fours;
}

async function verify(python, file, cases, who, env = {}) {
  writeFileSync(file, JSON.stringify(cases));
  const args = ['tools/interop/verify_trained.py', file, who];
  const { status, stdout, stderr } = await start(python, args, { env: { ...process.env, ...env } });
  if (status !== 0) return report([[`${who} opens what was trained`, false, stderr.trim().slice(-500)]]);
  return report(JSON.parse(stdout.trim().split('\n').at(-1)));
}

function installAdapterHub(python) {
  const ready = `${ADAPTERHUB_FOLDER}/ready`;
  if (existsSync(ready)) return undefined;
  console.log(`Installing ${ADAPTERHUB.slice(0, 2).join(' and ')} (140 MB) under ${ADAPTERHUB_FOLDER}`);
  rmSync(ADAPTERHUB_FOLDER, { recursive: true, force: true });
  const flags = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', ADAPTERHUB_FOLDER];
  const { status, stderr } = spawnSync(python, [...flags, ...ADAPTERHUB], { encoding: 'utf8' });
  if (status !== 0) return `it could not be installed: ${stderr?.trim().split('\n').at(-1)}`;
  writeFileSync(ready, '');
  return undefined;
}

/** Those that are both learned and in the probe's text: the commonest ones. */
function frequentTokens(file) {
  const counts = new Map();
  for (const line of readFileSync(file, 'utf8').trim().split('\n'))
    for (const id of JSON.parse(line).input_ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, 12)
    .map(([id]) => id);
}
