// Module paths of Hugging Face ↔ those of mlx-lm, for the families that mlx-lm has. Most are the same; GPT-2 and GPT-NeoX
// have other names there (mlx_lm/models/gpt2.py and gpt_neox.py, `sanitize`).

interface Spelling {
  readonly ours: string;
  readonly mlx: string;
}

const SAME: Spelling = { ours: 'model.layers.', mlx: 'model.layers.' };

/** What a block's path begins with, by `model_type`. */
const BLOCKS: Readonly<Record<string, Spelling>> = {
  llama: SAME,
  mistral: SAME,
  qwen2: SAME,
  qwen3: SAME,
  gemma3_text: SAME,
  phi3: SAME,
  gpt2: { ours: 'transformer.h.', mlx: 'model.h.' },
  gpt_neox: { ours: 'gpt_neox.layers.', mlx: 'model.h.' },
};

/** Throws a RangeError when mlx-lm has no such family. */
export function mlxSpelling(family: string): { toMlx(path: string): string; fromMlx(path: string): string } {
  const blocks = Object.hasOwn(BLOCKS, family) ? BLOCKS[family] : undefined;
  if (blocks === undefined)
    throw new RangeError(`Cannot use MLX adapters: found a base of "${family}", need one that mlx-lm has`);
  const change = (path: string, from: string, to: string) =>
    path.startsWith(from) ? to + path.slice(from.length) : path;
  return {
    toMlx: (path) => change(path, blocks.ours, blocks.mlx),
    fromMlx: (path) => change(path, blocks.mlx, blocks.ours),
  };
}
