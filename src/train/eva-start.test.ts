// The start that "eva" asks for, against PEFT's initialize_lora_eva_weights on the same rows (tools/fixtures/make-eva.py): ranks,
// scalings and the config to the letter, A by the subspace that its rows span.

import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { TokenRow } from '../data/types.ts';
import { type Adapter, asLora } from '../lora/adapter.ts';
import { matrix, multiply, transpose } from '../lora/algebra/matrix.ts';
import { parseEvaConfig } from '../lora/eva/eva-config.ts';
import { readPeftFolder } from '../lora/files/peft.ts';
import { type LoraConfig, parseLoraConfig, writeLoraConfig } from '../lora/lora-config.ts';
import { startAdapter } from '../lora/start-adapter.ts';
import { F32, modelsFor } from '../model/testing/open-model.ts';
import { evaStart } from './eva-start.ts';
import { diskFolder, goldenPath, readGoldenJson, readGoldenTensors, relativeL2 } from './testing/golden.ts';

interface Golden {
  readonly asked: Readonly<Record<string, unknown>>;
  readonly rows: readonly { readonly input_ids: number[]; readonly labels: number[] }[];
  readonly batches: number;
}
type PeftConfig = Readonly<Record<string, unknown>>;

const SETTINGS = { seed: 0, shuffle: false, validationSplit: 0 };
const open = modelsFor((family) => goldenPath(`${family}/model`)!, F32);

const tokenRows = (rows: Golden['rows']): TokenRow[] =>
  rows.map(({ input_ids, labels }, i) => ({
    file: 'golden',
    line: i + 1,
    ids: Int32Array.from(input_ids),
    mask: Uint8Array.from(labels, (label) => (label === -100 ? 0 : 1)),
  }));
const configOf = (golden: Golden, written: PeftConfig, eva: object = {}): LoraConfig =>
  parseLoraConfig(
    {
      ...{ peft_type: 'LORA', task_type: 'CAUSAL_LM', init_lora_weights: 'eva', ...golden.asked },
      ...{ fan_in_fan_out: written.fan_in_fan_out, eva_config: { ...(written.eva_config as object), ...eva } },
    },
    { isNew: true },
  ).config;

/** How far apart the spans of the rows of two A (r,C) are: 0 the same, 1 at right angles; rows of any lengths. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>, r: number): number {
  const projector = (values: ArrayLike<number>) => {
    const rows = matrix(r, values.length / r, values);
    for (let i = 0; i < r; i++) {
      const row = rows.data.subarray(i * rows.columns, (i + 1) * rows.columns);
      const length = Math.hypot(...row);
      for (let c = 0; c < row.length; c++) row[c]! /= length;
    }
    return multiply(transpose(rows), rows);
  };
  return relativeL2(projector(a).data, projector(b).data) / Math.SQRT2;
}

/** Of PEFT's search with an exact SVD in f32: rounding, in directions of which neighbours differ by a few percent. */
const EXACT = 1e-5;
/** Of PEFT as it is, whose SVD is randomised, with four iterations. */
const RANDOMISED = 2e-2;

describe.each(['llama_yarn', 'gpt2_hub', 'qwen2_windows'])('evaStart() on %s', (family) => {
  const folder = goldenPath(`${family}/eva`)!;
  const golden = readGoldenJson<Golden>(folder, 'golden.json');
  const written = readGoldenJson<PeftConfig>(path.join(folder, 'adapter'), 'adapter_config.json');
  const model = open(family);
  const start = async (rows = golden.rows, eva: object = {}) =>
    evaStart(await model, configOf(golden, written, eva), tokenRows(rows), SETTINGS);
  const reference = async () =>
    asLora((await readPeftFolder(diskFolder(path.join(folder, 'adapter')), (await model).parts)).adapter, 'compare');

  it('gives every linear the rank, the scaling and the span that PEFT gives it, after as many batches', async () => {
    const { adapter, progress } = await start();
    const { modules } = await reference();
    const exact = await readGoldenTensors(path.join(folder, 'exact.safetensors'));
    expect(progress.batches).toBe(golden.batches);
    expect(progress.settled).toBe(progress.inputs);
    expect([...adapter.modules.keys()].sort()).toEqual([...modules.keys()].sort());
    for (const [at, { r, scaling, a, b, isEmbedding }] of adapter.modules) {
      const theirs = modules.get(at)!;
      expect([at, r, scaling]).toEqual([at, theirs.r, theirs.scaling]);
      if (isEmbedding) continue;
      expect(distance(a, theirs.a, r), at).toBeLessThan(RANDOMISED);
      // Signs are the same too, and lengths, with whitening.
      expect(relativeL2(a, exact.get(`base_model.model.${at}.lora_A.weight`)!), at).toBeLessThan(EXACT);
      expect(b.every((value) => value === 0)).toBe(true);
    }
  });

  it('writes what it has found as PEFT does', async () => {
    const { adapter } = await start();
    const ours = JSON.parse(writeLoraConfig(asLora(adapter, 'write').config)) as PeftConfig;
    for (const key of ['rank_pattern', 'alpha_pattern', 'init_lora_weights', 'r', 'lora_alpha', 'use_rslora'])
      expect([key, ours[key]]).toEqual([key, written[key]]);
    expect(ours.eva_config).toEqual(written.eva_config);
    expect([...(ours.target_modules as string[])].sort()).toEqual([...(written.target_modules as string[])].sort());
  });

  it('finds other spans on other rows, and on other tokens of the same', async () => {
    const { modules } = await reference();
    const shifted = golden.rows.map(({ input_ids, labels }) => ({
      input_ids: input_ids.map((id) => 4 + ((id + 9) % 40)),
      labels,
    }));
    const { use_label_mask } = parseEvaConfig(written.eva_config);
    for (const { adapter } of [await start(shifted), await start(golden.rows, { use_label_mask: !use_label_mask })]) {
      const distances = [...adapter.modules].flatMap(([at, { a, r, isEmbedding }]) =>
        isEmbedding || modules.get(at)?.r !== r ? [] : [distance(a, modules.get(at)!.a, r)],
      );
      expect(distances.length).toBeGreaterThan(0);
      for (const found of distances) expect(found).toBeGreaterThan(RANDOMISED);
    }
  });
});

describe('evaStart()', () => {
  const golden = readGoldenJson<Golden>(goldenPath('llama_yarn/eva')!, 'golden.json');
  const model = open('llama_yarn');
  const config = (more: object = {}) =>
    parseLoraConfig({ peft_type: 'LORA', ...golden.asked, init_lora_weights: 'eva', ...more }, { isNew: true }).config;
  const tensors = (adapter: Adapter) => [...adapter.modules].map(([at, { r, a }]) => [at, r, a]);

  it('finds the same when the linears are read in several passes', async () => {
    const whole = await evaStart(await model, config(), tokenRows(golden.rows), SETTINGS);
    const parts = await evaStart(await model, config(), tokenRows(golden.rows), SETTINGS, { readBytes: 200_000 });
    expect(tensors(parts.adapter)).toEqual(tensors(whole.adapter));
  });

  it('ends after the batch it is in when it is stopped, with what it has found', async () => {
    const stop = AbortSignal.abort();
    const { adapter, progress } = await evaStart(await model, config(), tokenRows(golden.rows), SETTINGS, {
      signal: stop,
    });
    expect(progress).toMatchObject({ batches: 1, settled: 0 });
    expect(adapter.modules.size).toBeGreaterThan(0);
  });

  it('has lengths of rows for DoRA, and begins an embedding as usual', async () => {
    const dora = await evaStart(await model, config({ use_dora: true }), tokenRows(golden.rows), SETTINGS);
    expect([...dora.adapter.modules.values()].every(({ magnitude }) => magnitude!.every((m) => m > 0))).toBe(true);
    const targets = { target_modules: ['q_proj', 'embed_tokens'] };
    const embedding = await evaStart(await model, config(targets), tokenRows(golden.rows), SETTINGS);
    const { a, b } = embedding.adapter.modules.get('model.embed_tokens')!;
    expect([a.every((value) => value === 0), b.every((value) => value === 0)]).toEqual([true, false]);
  });

  it('refuses rows with too few tokens and linears with too few inputs, by name', async () => {
    const few = tokenRows(golden.rows.slice(0, 1));
    await expect(evaStart(await model, config({ r: 8 }), few, SETTINGS)).rejects.toThrow(
      /found \d+ tokens to look at, need 17 or more \(rank × rho, and one\)/,
    );
    await expect(evaStart(await model, config({ r: 64 }), few, SETTINGS)).rejects.toThrow(/found \d+ inputs at "/);
    await expect(startAdapter(await model, config(), 0)).rejects.toThrow('"eva" without rows to look at');
  });
});
