// Adapters of every kind that Graft trains from a recipe and saves, opened by PEFT itself. What an adapter answered on the
// device stands in its receipt: PEFT has to give the same logits, and must notice when what is special in it is disturbed.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { report } from './report.mjs';

/** GPT-2's linears are Conv1D (fan_in_fan_out) and have biases; this one has a tied head and no tokenizer. */
const GPT2 = 'src/train/testing/fixtures/gpt2_hub/model';
const GPT2_VOCABULARY = 48;
const SETTINGS = { steps: 6, batchSize: 2, seqLen: 48, rank: 4, alpha: 8, learningRate: 1e-2, schedule: 'constant' };
const QV = ['q_proj', 'v_proj'];

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
  ];
}

/** Trains all of them, four at once, and lets PEFT open each; returns { passed, failed }. */
export function checkTrained({ graft, python, model, base, work }) {
  const rows = `${work}/train.jsonl`;
  const cases = kinds(frequentTokens(rows)).map((kind) => ({ base, ...kind, adapter: `${work}/trained/${kind.name}` }));
  mkdirSync(`${work}/trained`, { recursive: true });
  const gpt2Rows = `${work}/gpt2-rows.jsonl`;
  const row = (i) => Array.from({ length: 24 }, (_, t) => 3 + ((5 * i + 7 * t * (i + 1)) % (GPT2_VOCABULARY - 3)));
  const lines = Array.from({ length: 8 }, (_, i) => JSON.stringify({ input_ids: row(i), labels: row(i) }));
  writeFileSync(gpt2Rows, lines.join('\n'));
  for (let first = 0; first < cases.length; first += 4) {
    const four = cases.slice(first, first + 4);
    const file = `${work}/trained/recipe-${first}.json`;
    const adapters = four.map(({ name, lora }) => ({ name, settings: { lora } }));
    writeFileSync(file, JSON.stringify({ recipe: 1, settings: SETTINGS, adapters }));
    const of = four[0].base === GPT2 ? [GPT2, '--quant', 'f32', '--data', gpt2Rows] : [model, '--data', rows];
    graft('train', '--config', file, '--out', `${work}/trained`, '--model', ...of);
  }
  const file = `${work}/trained/cases.json`;
  writeFileSync(file, JSON.stringify(cases));
  const { status, stdout, stderr } = spawnSync(python, ['tools/interop/verify_trained.py', file], { encoding: 'utf8' });
  if (status !== 0) return report([['PEFT opens what was trained', false, stderr.trim().slice(-500)]]);
  return report(JSON.parse(stdout.trim().split('\n').at(-1)));
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
