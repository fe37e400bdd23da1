import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDevice } from '../gpu/testing/open-device.ts';
import { writePeftFolder } from '../lora/files/peft.ts';
import { BaseModel } from '../model/base-model.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { diskFolder } from '../model/testing/shared.ts';
import { newAdapter } from './train-adapter.ts';

const SETTINGS = { rank: 2, alpha: 4, dropout: 0, targets: 'all-linear', seed: 1 } as const;

async function configOf(model: string): Promise<{ fan_in_fan_out: boolean; target_modules: string[] }> {
  const folder = path.resolve(import.meta.dirname, `../train/testing/fixtures/${model}/model`);
  const opened = await openModelFolder(diskFolder(folder), model);
  const base = await BaseModel.open(await openDevice(), opened, { linears: 'q8', embeddings: 'q8' });
  const [config] = writePeftFolder(await newAdapter(base, SETTINGS), { name: 'test' });
  base.destroy();
  return JSON.parse(new TextDecoder().decode(config!.bytes));
}

describe('newAdapter()', () => {
  it('tells PEFT where linears are stored the other way round', async () => {
    expect(await configOf('gpt2_hub')).toMatchObject({
      fan_in_fan_out: true,
      target_modules: ['c_attn', 'c_fc', 'c_proj'],
    });
    expect(await configOf('llama')).toMatchObject({ fan_in_fan_out: false });
  });
});
