// A PEFT folder without its base at hand: what the base must be like is known from the adapter's own tensors. Enough to look
// into it, to check it and to merge it; not to run it.

import type { ModelFile } from '../../model/model-file.ts';
import { readTensorsHeader } from '../../model/model-tensors.ts';
import type { WeightSpec } from '../../model/prepare-weights.ts';
import type { BottleneckSites } from '../methods/bottleneck.ts';
import type { Sites } from '../place-adapter.ts';
import { findWeights, isSavedTwice, readPeftFolder } from './peft.ts';
import type { ReadAdapter } from './read-adapter.ts';

/** Throws an Error that names the field, tensor or module that does not fit. */
export async function readAdapterAlone(files: readonly ModelFile[]): Promise<ReadAdapter> {
  return readPeftFolder(files, await ownSites(files));
}

/** Names of what an adapter's file holds beside A and B. */
const FACTOR = /^(.+)\.lora_(A|B|embedding_A|embedding_B)(?:\.weight)?$/;
const TOKENS = /^(.+)\.token_adapter\.trainable_tokens_delta$/;
const BOTTLENECK = /^(.+)\.(\d+)\.(attention|output)_adapters\.adapters\.[^.]+\.adapter_up\.weight$/;
const BOTTLENECK_TENSOR = /_adapters\.adapters\.[^.]+\.adapter_(down\.0|up)\.(weight|bias)$/;
const OF_IA3 = /^(.+)\.ia3_l$/;
const OF_LORA = /\.lora_(?:magnitude_vector|B\.bias)$/;

async function ownSites(files: readonly ModelFile[]): Promise<Sites> {
  const linears = new Map<string, [number, number]>();
  const embeddings = new Map<string, [number, number]>();
  let bottleneckSites: BottleneckSites | undefined;
  const tensors: WeightSpec[] = [];
  const weights = findWeights(files);
  for (const info of weights ? (await readTensorsHeader(weights)).tensors : []) {
    const name = info.name.replace(/^base_model\.model\./, '');
    const [rows = 0, columns = 0] = info.shape;
    const [, path, factor] = FACTOR.exec(name) ?? [];
    const [, table] = TOKENS.exec(name) ?? [];
    const [, scaled] = OF_IA3.exec(name) ?? [];
    const [, blocks, layer, kind] = BOTTLENECK.exec(name) ?? [];
    if (blocks !== undefined) {
      bottleneckSites = { blocks, attention: 'attention', output: 'output' };
      linears.set(`${blocks}.${layer}.${kind}`, [rows, rows]);
    } else if (BOTTLENECK_TENSOR.test(name)) {
      // The tensor above says where it is.
    } else if (name === 'prompt_embeddings') {
      embeddings.set('token embedding', [columns, 0]);
    } else if (scaled !== undefined) {
      // The other side of the linear is not told; nothing here asks for it.
      linears.set(scaled, [rows, columns]);
    } else if (path !== undefined) {
      const sizes = factor!.startsWith('embedding') ? embeddings : linears;
      const size = sizes.get(path) ?? [0, 0];
      if (factor!.endsWith('A')) size[1] = columns;
      else size[0] = rows;
      sizes.set(path, size);
    } else if (table !== undefined) {
      embeddings.set(table, [columns, Number.MAX_SAFE_INTEGER]);
    } else if (
      info.name !== name &&
      !name.endsWith('.base_layer.weight') &&
      !OF_LORA.test(name) &&
      !isSavedTwice(name)
    ) {
      const kind = info.shape.length === 2 ? 'linear' : name.endsWith('.bias') ? 'bias' : 'norm';
      tensors.push({ name: name.replace('.base_layer.', '.'), shape: info.shape, kind });
    }
  }
  // A head that is adapted counts among the linears here: a name or a pattern finds it there.
  return { bottleneckSites, linears, embeddings, tensors, head: { path: '', matrix: '', isTied: false } };
}
