// `model_type` of config.json → family: the one place that lists them.

import { bloom } from './bloom.ts';
import type { Family } from './family.ts';
import { gemma3 } from './gemma3.ts';
import { gptNeox } from './gpt-neox.ts';
import { gpt2 } from './gpt2.ts';
import { llama } from './llama.ts';
import { mistral } from './mistral.ts';
import { opt } from './opt.ts';
import { phi3 } from './phi3.ts';
import { qwen2 } from './qwen2.ts';
import { qwen3 } from './qwen3.ts';

export const FAMILIES: ReadonlyMap<string, Family> = new Map<string, Family>([
  ['llama', llama],
  ['mistral', mistral],
  ['qwen2', qwen2],
  ['qwen3', qwen3],
  ['gemma3_text', gemma3],
  ['phi3', phi3],
  ['gpt2', gpt2],
  ['gpt_neox', gptNeox],
  ['opt', opt],
  ['bloom', bloom],
]);
