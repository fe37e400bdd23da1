import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { unzlibSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writePeftFolder } from '../lora/files/peft.ts';
import { initAdapter } from '../lora/init-adapter.ts';
import { DEFAULT_LORA } from '../lora/lora-config.ts';
import { TINY_SITES } from '../lora/testing/tiny-linears.ts';
import { type FakeHub, startFakeHub, WRITE_TOKEN } from '../model/hub/testing/fake-hub.ts';
import { fileFromBytes } from '../model/model-file.ts';
import { writeFolder } from '../storage/node.ts';
import { DEFAULT_SETTINGS } from '../train/recipe.ts';
import { cardForHub } from './hub-card.ts';
import { lossPicture } from './loss-picture.ts';
import { pushAdapter } from './push.node.ts';
import { readReceipt, withReceipt } from './receipt/receipt.ts';

const curve = { losses: [4, 3.2, 2.9, 2.1, 1.8], evals: [{ step: 5, loss: 2 }] };

/** The pixels of a PNG as lossPicture writes them: 8-bit RGB, rows without a filter. */
function pixels(png: Uint8Array) {
  expect([...png.subarray(0, 8)]).toEqual([137, 80, 78, 71, 13, 10, 26, 10]);
  const view = new DataView(png.buffer, png.byteOffset);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const length = view.getUint32(33);
  expect(new TextDecoder().decode(png.subarray(37, 41))).toBe('IDAT');
  const rows = unzlibSync(png.subarray(41, 41 + length));
  expect(rows.length).toBe(height * (1 + 3 * width));
  return (x: number, y: number) => [...rows.subarray(y * (1 + 3 * width) + 1 + 3 * x, y * (1 + 3 * width) + 4 + 3 * x)];
}

describe('lossPicture()', () => {
  it('draws held-back losses where they belong, and nothing without a course', () => {
    const at = pixels(lossPicture(curve)!);
    // Step 5 of 5 is the right border (704), loss 2 of 4 the middle between 16 and 280.
    expect(at(703, 148)).toEqual([184, 92, 0]);
    expect(at(300, 5)).toEqual([255, 255, 255]);
    expect(lossPicture({ losses: [4], evals: [] })).toBeUndefined();
    expect(lossPicture({ losses: [4, Number.NaN, 3], evals: [] })).toBeDefined();
  });
});

describe('cardForHub()', () => {
  it('says where to load it from and shows the picture once', () => {
    const card = 'x\n\n## Loss\n\n| a |\n\n## Use\n\nWith PEFT, from this folder:\n\n"path/to/this/folder"\n';
    const out = cardForHub(card, 'me/pirate', true);
    expect(out).toContain('"me/pirate"');
    expect(out).toContain('from the Hub:');
    expect(out.match(/loss-curve\.png/g)).toHaveLength(1);
    expect(out.indexOf('loss-curve')).toBeGreaterThan(out.indexOf('## Loss'));
    expect(cardForHub(out, 'me/pirate', true)).toBe(out);
    expect(cardForHub(card.replace('## Loss', '## Else'), 'me/pirate', true)).toContain('## Loss\n\n![');
    expect(cardForHub(card, 'me/pirate', false)).not.toContain('loss-curve');
  });
});

describe('pushAdapter()', () => {
  let hub: FakeHub;
  let folder: string;
  beforeAll(async () => {
    hub = await startFakeHub({});
    folder = await mkdtemp(path.join(tmpdir(), 'graft-'));
  });
  afterAll(async () => {
    await hub.close();
    await rm(folder, { recursive: true });
  });

  it('pushes adapter, card, picture and a receipt that fits them', async () => {
    const adapter = initAdapter({ ...DEFAULT_LORA, target_modules: ['q_proj'] }, TINY_SITES, 1);
    const files = await withReceipt(adapter, writePeftFolder(adapter, { name: 'pirate', licence: 'apache-2.0' }), {
      made: 'trained',
      run: { recipe: DEFAULT_SETTINGS, steps: 5, stopped: false, curve, rateChanges: [] },
    });
    await writeFolder(folder, files);
    process.env.HF_ENDPOINT = hub.endpoint;
    try {
      const pushed = await pushAdapter({ adapter: folder, repo: 'me/pirate', isPrivate: false, token: WRITE_TOKEN });
      expect(pushed.url).toBe(`${hub.endpoint}/me/pirate`);
    } finally {
      delete process.env.HF_ENDPOINT;
    }
    const there = hub.pushed.get('me/pirate')!.files;
    expect([...there.keys()].sort()).toEqual([
      'README.md',
      'adapter_config.json',
      'adapter_model.safetensors',
      'graft_receipt.json',
      'loss-curve.png',
    ]);
    const card = new TextDecoder().decode(there.get('README.md'));
    expect(card).toContain('license: "apache-2.0"');
    expect(card).toContain('from_pretrained(model, "me/pirate")');
    const receipt = await readReceipt(fileFromBytes('graft_receipt.json', there.get('graft_receipt.json')!));
    for (const [name, { bytes }] of Object.entries(receipt.files)) expect(there.get(name)!.length, name).toBe(bytes);
    expect(receipt.run!.steps).toBe(5);
  });
});
