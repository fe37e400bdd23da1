import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithShared, sharedPath } from '../model/testing/shared.ts';
import { exportAdapter } from './export.node.ts';

describeWithShared('exportAdapter()', 'goldens/gguf/llama/base.f32.gguf', () => {
  const adapter = sharedPath('goldens/llama/lora_all_linear/adapter');
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'graft-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('writes the same GGUF adapter for a base from a folder and from GGUF', async () => {
    const [one, other] = [path.join(folder, 'one.gguf'), path.join(folder, 'other.gguf')];
    expect(
      await exportAdapter({ adapter, model: sharedPath('goldens/llama/model'), format: 'gguf', out: one }),
    ).toMatchObject({
      notices: [],
      files: [{ path: one }],
    });
    await exportAdapter({ adapter, model: sharedPath('goldens/gguf/llama/base.f32.gguf'), format: 'gguf', out: other });
    expect((await readFile(one)).equals(await readFile(other))).toBe(true);
  });

  it('writes a folder for MLX', async () => {
    const out = path.join(folder, 'mlx');
    await exportAdapter({ adapter, model: sharedPath('goldens/llama/model'), format: 'mlx', out });
    expect((await readdir(out)).sort()).toEqual(['adapter_config.json', 'adapters.safetensors', 'graft_receipt.json']);
  });

  it('refuses an adapter of another base', async () => {
    const other = sharedPath('goldens/qwen3/lora_all_linear/adapter');
    await expect(
      exportAdapter({
        adapter: other,
        model: sharedPath('goldens/llama/model'),
        format: 'gguf',
        out: path.join(folder, 'x.gguf'),
      }),
    ).rejects.toThrow('Cannot read');
  });
});
