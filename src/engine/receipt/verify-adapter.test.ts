// The receipt's promise and its negative controls: whatever is changed in the files, verifying says so, and says what.

import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice } from '../../gpu/testing/open-device.ts';
import { writeGgufAdapter } from '../../lora/files/gguf.ts';
import { writeMlxFolder } from '../../lora/files/mlx.ts';
import { readPeftFolder } from '../../lora/files/peft.ts';
import { BaseModel } from '../../model/base-model.ts';
import { fileFromBytes } from '../../model/model-file.ts';
import { openModelFolder } from '../../model/model-folder.ts';
import { diskFolder } from '../../model/testing/shared.ts';
import { DEFAULT_SETTINGS } from '../../train/recipe.ts';
import { adapterFiles } from './adapter-files.ts';
import { findReceipt, ggufWithReceipt, RECEIPT_NAME, sha256, withReceipt } from './receipt.ts';
import { type CheckName, verifyAdapter } from './verify-adapter.ts';

const FIXTURE = path.join(import.meta.dirname, '../../train/testing/fixtures/llama');
const WEIGHTS = 'adapter_model.safetensors';
const CONFIG = 'adapter_config.json';
type Files = Map<string, Uint8Array>;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (value: string) => new TextEncoder().encode(value);

let model: BaseModel;
let written: Files;
beforeAll(async () => {
  const device = await openDevice();
  const open = await openModelFolder(diskFolder(path.join(FIXTURE, 'model')), 'llama');
  model = await BaseModel.open(device, open, { linears: 'q8', embeddings: 'q8' });
  const adapterFolder = diskFolder(path.join(FIXTURE, 'lora_all_linear/adapter'));
  const { adapter } = await readPeftFolder(adapterFolder, model.parts);
  const row = { file: 'rows', line: 1, ids: Int32Array.of(1, 2, 3), mask: Uint8Array.of(0, 1, 1) };
  const outcome = {
    steps: 2,
    finalLoss: 3,
    stopped: false,
    validationBefore: undefined,
    validationAfter: undefined,
    trouble: undefined,
    rateChanges: [],
    curve: { losses: [4, 3], evals: [] },
  };
  const run = { settings: DEFAULT_SETTINGS, dataset: { name: 'rows', hash: 'abc', rows: [row] }, outcome };
  const files = await adapterFiles(model, { adapter, name: 'probe', made: { made: 'trained' }, run });
  written = new Map(files.map((file) => [file.name, file.bytes]));
});
afterAll(() => model.destroy());

/** The statuses of all checks after a change to the files. */
async function verify(change: (files: Files) => void | Promise<void> = () => {}, base: BaseModel | undefined = model) {
  const files = new Map([...written].map(([name, content]) => [name, content.slice()]));
  await change(files);
  const { passed, checks } = await verifyAdapter(
    [...files].map(([name, content]) => fileFromBytes(name, content)),
    base,
  );
  const failed = checks.filter(({ status }) => status === 'failed');
  return {
    passed,
    failed: failed.map(({ name }) => name),
    found: Object.fromEntries(checks.map(({ name, found }) => [name, found])) as Record<CheckName, string>,
    skipped: checks.filter(({ status }) => status === 'skipped').map(({ name }) => name),
  };
}

const edit = (files: Files, name: string, change: (content: string) => string) =>
  void files.set(name, bytes(change(text(files.get(name)!))));

/** What a forger would do: hashes of the changed files, and of the receipt. */
async function sign(files: Files, change: (receipt: Record<string, unknown>) => void = () => {}) {
  const { sha256: _, ...facts } = JSON.parse(text(files.get(RECEIPT_NAME)!));
  for (const name of Object.keys(facts.files))
    facts.files[name] = { bytes: files.get(name)!.length, sha256: await sha256(files.get(name)!) };
  change(facts);
  files.set(RECEIPT_NAME, bytes(JSON.stringify({ ...facts, sha256: await sha256(bytes(JSON.stringify(facts))) })));
}

describe('verifyAdapter()', () => {
  it('passes what was written, answer for answer', async () => {
    const { passed, failed, skipped, found } = await verify();
    expect({ passed, failed, skipped }).toEqual({ passed: true, failed: [], skipped: [] });
    expect(found.answers).toMatch(/bit for bit/);
    const receipt = JSON.parse(text(written.get(RECEIPT_NAME)!));
    expect(receipt.data).toEqual({
      name: 'rows',
      hash: 'abc',
      rows: 1,
      tokens: 3,
      supervisedTokens: 2,
      longestRow: 3,
      rowsWithoutTarget: 0,
    });
    expect(receipt.run.curve.losses).toEqual([4, 3]);
    expect(receipt.run.recipe).toEqual(DEFAULT_SETTINGS);
    expect(receipt.software).toMatch(/^Graft \d/);
    // What the answers are compared by is not within the tolerance of no adapter at all.
    expect(receipt.probe.effect).toBeGreaterThan(0.1);
  });

  it('says which file has one other byte', async () => {
    const { failed, found } = await verify((files) => {
      const weights = files.get(WEIGHTS)!;
      weights[weights.length - 3]! ^= 1;
    });
    expect(failed).toContain('files');
    expect(found.files).toBe(`"${WEIGHTS}" has changed`);
  });

  it('says which tensor has another name, also when the hashes were made to fit', async () => {
    const rename = (files: Files) => {
      const weights = files.get(WEIGHTS)!;
      const at = text(weights).indexOf('layers.0.self_attn.q_proj.lora_A');
      weights.set(bytes('layers.0.self_attn.x_proj.lora_A'), at);
    };
    const changed = await verify(rename);
    expect(changed.failed).toEqual(expect.arrayContaining(['files', 'names and shapes', 'numbers']));
    const forged = await verify(async (files) => {
      rename(files);
      await sign(files);
    });
    expect(forged.failed).not.toContain('files');
    expect(forged.found['names and shapes']).toMatch(/layers\.0\.self_attn\.q_proj\.lora_A\.weight" is missing/);
  });

  it('says that the strength is another one, also when the hashes were made to fit', async () => {
    const strengthen = (files: Files) =>
      edit(files, CONFIG, (json) => json.replace('"lora_alpha": 8', '"lora_alpha": 9'));
    expect((await verify(strengthen)).failed).toEqual(['files', 'strength', 'answers']);
    const forged = await verify(async (files) => {
      strengthen(files);
      await sign(files, (receipt) => {
        receipt.scaling = {};
      });
    });
    expect(forged.failed).toEqual(['answers']);
    expect(forged.found.answers).toMatch(/differ by [\d.]+ from those of the run, more than/);
  });

  it('says that one number is another one, also when the hashes were made to fit', async () => {
    const { failed } = await verify(async (files) => {
      // The last element of the last B grows: its f32 exponent.
      files.get(WEIGHTS)!.set([0, 0, 0xc0, 0x40], files.get(WEIGHTS)!.length - 4);
      await sign(files);
    });
    expect(failed).toEqual(['answers']);
  });

  it('says what is missing, not finite, or does nothing', async () => {
    const gone = await verify((files) => void files.delete(CONFIG));
    expect(gone.failed).toEqual(['files', 'numbers']);
    expect(gone.found.files).toBe(`"${CONFIG}" is missing`);
    expect(gone.skipped).toEqual(['effect', 'strength', 'answers']);
    const nan = await verify(
      (files) => void files.get(WEIGHTS)!.set([0xff, 0xff, 0xff, 0xff], files.get(WEIGHTS)!.length - 4),
    );
    expect(nan.failed).toEqual(['files', 'numbers']);
    expect(nan.found.numbers).toMatch(/found NaN/);
    const idle = await verify((files) => {
      const weights = files.get(WEIGHTS)!;
      const headerBytes = new DataView(weights.buffer, weights.byteOffset).getUint32(0, true);
      weights.fill(0, 8 + headerBytes);
    });
    expect(idle.failed).toContain('effect');
  });

  it('does not trust a receipt that was edited, and works without one', async () => {
    const edited = await verify((files) =>
      edit(files, RECEIPT_NAME, (json) => json.replace('"supervisedTokens":2', '"supervisedTokens":3')),
    );
    expect(edited.failed).toEqual(['receipt']);
    expect(edited.skipped).toEqual(['files', 'base']);
    const without = await verify((files) => void files.delete(RECEIPT_NAME));
    expect(without.passed).toBe(true);
    expect(without.skipped).toEqual(['receipt', 'files', 'base']);
    expect(without.found.answers).toMatch(/logits move by up to/);
  });

  it('says that another base is open', async () => {
    const other = await BaseModel.open(model.device, model.folder, { linears: 'f32', embeddings: 'f32' });
    const { failed, skipped, found } = await verify(undefined, other);
    other.destroy();
    expect({ failed, skipped }).toEqual({ failed: ['base'], skipped: ['answers'] });
    expect(found.base).toMatch(/another base, or kept otherwise/);
  });
});

describe('verifyAdapter() of exports for other programs', () => {
  const exported = async (format: 'gguf' | 'mlx') => {
    const source = [...written].map(([name, content]) => fileFromBytes(name, content));
    const { adapter } = await readPeftFolder(source, model.parts);
    const receipt = await findReceipt(source);
    const made = { made: receipt!.made, base: receipt!.base, probe: receipt!.probe };
    if (format === 'mlx') return withReceipt(adapter, writeMlxFolder(adapter, model.config), made);
    const write = (more: Parameters<typeof writeGgufAdapter>[3]) => writeGgufAdapter(adapter, model.config, 'x', more);
    return [{ name: 'x.gguf', bytes: await ggufWithReceipt(adapter, write, made) }];
  };
  const look = async (files: readonly { readonly name: string; readonly bytes: Uint8Array }[]) => {
    const opened = files.map((file) => fileFromBytes(file.name, file.bytes));
    const { checks } = await verifyAdapter(opened, model);
    return checks.flatMap(({ name, status }) => (status === 'passed' ? [] : [`${name} ${status}`]));
  };

  it.each(['gguf', 'mlx'] as const)('%s: passes, and says when a byte or a name is another', async (format) => {
    const files = await exported(format);
    expect(await look(files)).toEqual([]);
    const at = (name: string, change: (content: Uint8Array) => void) =>
      files.map((file) => {
        if (!file.name.endsWith(name)) return file;
        const content = file.bytes.slice();
        change(content);
        return { ...file, bytes: content };
      });
    const weights = format === 'gguf' ? '.gguf' : '.safetensors';
    const flipped = await look(at(weights, (content) => content.set([content.at(-5)! ^ 64], content.length - 5)));
    expect(flipped).toContain('files failed');
    const name = format === 'gguf' ? 'blk.1.attn_q.weight.lora_a' : 'layers.1.self_attn.q_proj.lora_a';
    const renamed = await look(
      at(weights, (content) => content.set(bytes(name.replace('q', 'x')), text(content).lastIndexOf(name))),
    );
    expect(renamed).toContain('names and shapes failed');
  });
});
