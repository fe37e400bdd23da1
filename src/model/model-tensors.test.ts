import { describe, expect, it } from 'vitest';
import { fileFromBytes } from './model-file.ts';
import { readModelTensors } from './model-tensors.ts';
import { writeSafetensors } from './safetensors.ts';
import { fixtureFile } from './testing/shared.ts';

describe('readModelTensors()', () => {
  const shard = (file: string, tensor: string) =>
    fileFromBytes(file, writeSafetensors([{ name: tensor, dtype: 'U8', shape: [1], bytes: new Uint8Array(1) }]));
  const index = (map: Record<string, string>) =>
    fileFromBytes('model.safetensors.index.json', new TextEncoder().encode(JSON.stringify({ weight_map: map })));
  const one = 'model-00001-of-00002.safetensors';
  const two = 'model-00002-of-00002.safetensors';

  it('gathers one file, indexed shards and shards without an index', async () => {
    expect([...(await readModelTensors([shard('dir/model.safetensors', 'a')])).tensors.keys()]).toEqual(['a']);
    const indexed = await readModelTensors([index({ a: one, b: two }), shard(two, 'b'), shard(one, 'a')]);
    expect([...indexed.tensors.keys()]).toEqual(['a', 'b']);
    const bare = await readModelTensors([shard(two, 'b'), shard(one, 'a')]);
    expect(bare.tensors.get('b')!.file.name).toBe(two);
  });

  it('names a shard that is missing', async () => {
    await expect(readModelTensors([index({ a: one, b: two }), shard(one, 'a')])).rejects.toThrow(`found no "${two}"`);
    await expect(readModelTensors([shard(two, 'b')])).rejects.toThrow(`found no "${one}", need all 2 parts`);
    await expect(readModelTensors([])).rejects.toThrow('found no "model.safetensors"');
  });

  it('names a tensor that is not in the shard the index promises', async () => {
    const files = [index({ a: one, b: one }), shard(one, 'a'), shard(two, 'b')];
    await expect(readModelTensors(files)).rejects.toThrow(`Cannot open "${one}": found no tensor "b"`);
  });

  it('refuses a tensor that two shards have', async () => {
    await expect(readModelTensors([shard(one, 'a'), shard(two, 'a')])).rejects.toThrow('need each name once');
  });

  it('takes what torch.save wrote, where there are no safetensors', async () => {
    const saved = { ...fixtureFile('pytorch/tensors.bin'), name: 'dir/pytorch_model.bin' };
    expect([...(await readModelTensors([saved])).tensors.keys()]).toContain('model.embed_tokens.weight');
    const both = await readModelTensors([saved, shard('dir/model.safetensors', 'a')]);
    expect([...both.tensors.keys()]).toEqual(['a']);
  });

  it('gathers the shards of torch.save', async () => {
    const names = ['pytorch_model-00001-of-00002.bin', 'pytorch_model-00002-of-00002.bin'];
    const part = { ...fixtureFile('pytorch/tensors.bin'), name: names[0]! };
    await expect(readModelTensors([part])).rejects.toThrow(`found no "${names[1]}", need all 2 parts`);
    const map = fileFromBytes(
      'pytorch_model.bin.index.json',
      new TextEncoder().encode(JSON.stringify({ weight_map: { half: names[0] } })),
    );
    expect([...(await readModelTensors([part, map])).tensors.keys()]).toEqual(['half']);
  });
});
