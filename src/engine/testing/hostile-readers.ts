// Every reader that takes what strangers made, beside those of model files (src/model/hostile-files.test.ts): real files, and what
// is done with a changed one.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DatasetError } from '../../data/dataset-error.ts';
import { loadDataset } from '../../data/load-dataset.ts';
import { fileOf } from '../../data/testing/data-files.ts';
import { createFakeTokenizer } from '../../data/testing/fake-tokenizer.ts';
import type { FileBytes } from '../../lora/files/peft.ts';
import { readAdapter } from '../../lora/files/read-adapter.ts';
import { readAdapterAlone } from '../../lora/files/read-alone.ts';
import { unzipAdapter, zipAdapter } from '../../lora/files/zip-adapter.ts';
import { fileFromBytes, type ModelFile } from '../../model/model-file.ts';
import { openModelFolder } from '../../model/model-folder.ts';
import { readPytorchCheckpoint } from '../../model/pytorch/read-checkpoint.ts';
import { isReadable, readTensor } from '../../model/read-tensor.ts';
import { fixturePath, sharedPath } from '../../model/testing/shared.ts';
import { openTokenizer } from '../../model/tokenizer.ts';
import type { FuzzSource } from '../../testing/fuzz-reader.ts';
import { writeRecipe } from '../../train/apply-recipe.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../../train/checkpoint.ts';
import { DEFAULT_SETTINGS, type TrainSettings } from '../../train/recipe.ts';
import { readRecipe } from '../../train/recipe-file.ts';
import { readBackup, writeBackup } from '../backup.ts';
import { RECEIPT_NAME, readReceipt, sha256, withReceipt } from '../receipt/receipt.ts';
import { verifyAdapter } from '../receipt/verify-adapter.ts';
import { memoryAdapters } from './memory-adapters.ts';

export interface HostileReader {
  readonly name: string;
  readonly sources: readonly FuzzSource[];
  /** Most bytes of one allocation: some times what the sources have. */
  readonly maxBytes: number;
  read(bytes: Uint8Array, source: FuzzSource): unknown;
}

const MB = 1 << 20;
const ROOT = path.resolve(import.meta.dirname, '../../..');
const FIXTURES = path.join(ROOT, 'src/train/testing/fixtures');
const ADAPTERS = ['llama/lora_all_linear', 'gpt2_hub/bias_all', 'gemma3_linear/embedding'].map((name) =>
  path.join(FIXTURES, name, 'adapter'),
);

const bytesOf = (file: string) => new Uint8Array(readFileSync(file));
const text = (content: string) => new TextEncoder().encode(content);
const filesOf = (folder: string): ModelFile[] =>
  readdirSync(folder).map((name) => fileFromBytes(name, bytesOf(path.join(folder, name))));

/** A folder of which one file is changed. */
function folderWith(folder: string, name: string): FuzzSource & { readonly open: (bytes: Uint8Array) => ModelFile[] } {
  const bytes = bytesOf(path.join(folder, name));
  const isWeights = name.endsWith('.safetensors');
  return {
    bytes,
    ...(isWeights && { headBytes: 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true)) }),
    open: (changed) => [...filesOf(folder).filter((file) => file.name !== name), fileFromBytes(name, changed)],
  };
}

const opened = (bytes: Uint8Array, source: FuzzSource) => (source as ReturnType<typeof folderWith>).open(bytes);
const adapterParts = (name: string): HostileReader => ({
  name: `adapters: ${name}`,
  sources: ADAPTERS.map((folder) => folderWith(folder, name)),
  maxBytes: 32 * MB,
  read: (bytes, source) => readAdapterAlone(opened(bytes, source)),
});

/** Adapters in formats that only a base can read. */
function foreignAdapters(): HostileReader[] {
  const base = openModelFolder(filesOf(path.join(FIXTURES, 'llama/model')), 'llama');
  const read = async (files: readonly ModelFile[]) => readAdapter(files, (await base).config);
  const gguf = sharedPath('goldens/gguf/llama/lora_all_linear.gguf');
  const mlx = sharedPath('goldens/mlx/llama');
  if (!existsSync(gguf) || !existsSync(mlx)) console.warn('SKIPPED: changed GGUF and MLX adapters, no ../shared');
  return [
    existsSync(gguf) && {
      name: 'adapters: GGUF',
      sources: [{ bytes: bytesOf(gguf), headBytes: 4096 }],
      maxBytes: 32 * MB,
      read: (bytes: Uint8Array) => read([fileFromBytes('lora.gguf', bytes)]),
    },
    existsSync(mlx) && {
      name: 'adapters: MLX',
      sources: ['adapters.safetensors', 'adapter_config.json'].map((name) => folderWith(mlx, name)),
      maxBytes: 32 * MB,
      read: (bytes: Uint8Array, source: FuzzSource) => read(opened(bytes, source)),
    },
  ].filter((reader) => reader !== false);
}

function pytorchCheckpoints(): HostileReader {
  const folder = fixturePath('pytorch');
  const names = ['tensors.bin', 'dictionary.bin'];
  return {
    name: 'PyTorch checkpoints',
    sources: names.map((name) => ({ bytes: bytesOf(path.join(folder, name)) })),
    maxBytes: 32 * MB,
    async read(bytes) {
      const { tensors } = await readPytorchCheckpoint(fileFromBytes('pytorch_model.bin', bytes));
      for (const info of tensors) if (isReadable(info.dtype)) await readTensor(info);
    },
  };
}

function zips(): HostileReader {
  const zip = zipAdapter(
    filesOf(ADAPTERS[1]!).map((file) => ({ name: file.name, bytes: bytesOf(path.join(ADAPTERS[1]!, file.name)) })),
  );
  return {
    name: 'zips',
    sources: [{ bytes: zip }],
    maxBytes: 32 * MB,
    async read(bytes) {
      const files = unzipAdapter(bytes);
      await readAdapterAlone(files);
    },
  };
}

function datasets(): HostileReader[] {
  const tokenizer = createFakeTokenizer({ template: 'chatml' });
  const dataset = (name: string, sources: readonly (readonly [file: string, bytes: Uint8Array])[]): HostileReader => ({
    name: `datasets: ${name}`,
    sources: sources.map(([file, bytes]) => ({ bytes, file })),
    maxBytes: 64 * MB,
    async read(bytes, source) {
      const { file } = source as unknown as { readonly file: string };
      const options = { maxTokens: 64, longRows: 'split', completionOnly: true } as const;
      await loadDataset([fileOf(file, bytes)], tokenizer, options).catch((error: unknown) => {
        // Read, and waiting for a person to say what its columns mean.
        if (!(error instanceof DatasetError) || error.columns.length === 0) throw error;
      });
    },
  });
  const example = (name: string) =>
    [name, bytesOf(path.join(ROOT, 'public/examples', name)).subarray(0, 3000)] as const;
  const parquet = sharedPath('datasets/parquet-variants');
  const parquets = existsSync(parquet)
    ? readdirSync(parquet).filter((name) => readFileSync(path.join(parquet, name)).length < 70_000)
    : [];
  if (parquets.length === 0) console.warn('SKIPPED: changed Parquet files, no ../shared');
  const chats = JSON.stringify([
    {
      conversations: [
        { from: 'human', value: 'Hi' },
        { from: 'gpt', value: 'Hello' },
      ],
    },
  ]);
  const readers = [
    dataset('JSONL', [example('pirate.jsonl'), example('weather-haiku.jsonl')]),
    dataset('JSON', [
      ['chats.json', text(chats)],
      [
        'rows.json',
        text(
          JSON.stringify([
            { prompt: 'a', completion: 'b' },
            { prompt: 'c', completion: 'd', more: [1, { x: null }] },
          ]),
        ),
      ],
    ]),
    dataset('CSV and TSV', [
      example('shop-helper.csv'),
      ['rows.tsv', text('prompt\tcompletion\na\tb\n"c ""d"""\te\n')],
    ]),
    dataset('text', [['notes.md', text('# One\n\nSome text.\n\n```js\ncode()\n```\n\n## Two\nMore.\n')]]),
  ];
  const files = parquets.map((name) => [name, bytesOf(path.join(parquet, name))] as const);
  return files.length > 0 ? [...readers, dataset('Parquet', files)] : readers;
}

function tokenizers(): HostileReader[] {
  const lines = readFileSync(path.join(ROOT, 'src/model/testing/fixtures/tokenizers.jsonl'), 'utf8').trim().split('\n');
  const config = JSON.parse(readFileSync(path.join(ROOT, 'public/models/scion/tokenizer_config.json'), 'utf8'));
  const json = JSON.parse(
    (lines.map((line) => JSON.parse(line)) as { tokenizer: object }[]).map(({ tokenizer }) =>
      JSON.stringify(tokenizer),
    )[0]!,
  );
  const open = (tokenizer: Record<string, unknown>, template: string) =>
    openTokenizer({ tokenizer, config: { ...config, chat_template: template } });
  return [
    {
      name: 'tokenizer.json',
      sources: lines.map((line) => ({
        bytes: text(JSON.stringify((JSON.parse(line) as { tokenizer: object }).tokenizer)),
      })),
      maxBytes: 64 * MB,
      async read(bytes) {
        const folder = [...filesOf(path.join(FIXTURES, 'llama/model')), fileFromBytes('tokenizer.json', bytes)];
        const tokenizer = await (await openModelFolder(folder, 'hostile')).loadTokenizer?.();
        tokenizer?.decode(tokenizer.encode('Hello, wörld 123\n', { special: true }), { special: true });
      },
    },
    {
      name: 'chat templates',
      sources: [{ bytes: text(String(config.chat_template)) }, { bytes: text(TEMPLATE) }],
      maxBytes: 64 * MB,
      read(bytes) {
        const tokenizer = open(json, new TextDecoder().decode(bytes));
        const messages = [
          { role: 'system', content: 'Be kind.' },
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Hello' },
        ] as const;
        tokenizer.renderChat(messages, { generationPrompt: true });
      },
    },
  ];
}

const TEMPLATE = `{%- set ns = namespace(first=true, text='') -%}
{%- macro show(m) -%}<{{ m['role'] | upper }}>{{ m.content | trim | replace('a', 'b') }}{%- endmacro -%}
{%- for m in messages if m.role != 'system' -%}
{{ show(m) }}{%- if loop.last and add_generation_prompt %}<ASSISTANT>{% endif -%}
{%- set ns.text = ns.text ~ m.content[:3] -%}
{%- endfor -%}{{ ns.text if ns.text is defined else range(2) | join(', ') }}`;

function checkpoint(): Checkpoint {
  const state = { params: new Float32Array(64).fill(1), m: new Float32Array(64), v: new Float32Array(64) };
  const step = { loss: 2, lr: 1e-3, gradNorm: 1, tokens: 9, supervised: 4, ms: 5 };
  return {
    totalSteps: 9,
    savedAt: '2026-11-25T00:00:00Z',
    settings: DEFAULT_SETTINGS,
    identity: { base: 'b', data: 'd', layout: 'l', device: 'x', deviceName: 'x' },
    steps: [step, step],
    evals: [{ step: 0, loss: 3 }],
    rates: [{ step: 1, learningRate: 1e-4 }],
    state,
  };
}

/** With the digest of the changed bytes in place: whoever can write a record can write that too. */
async function sealed(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes.length < 32) return bytes;
  const out = bytes.slice();
  out.set(new Uint8Array(await crypto.subtle.digest('SHA-256', out.subarray(0, -32))), out.length - 32);
  return out;
}

async function receipts(): Promise<HostileReader> {
  const folder = filesOf(ADAPTERS[0]!);
  const { adapter } = await readAdapterAlone(folder);
  const files = await withReceipt(adapter, await Promise.all(folder.map(whole)), {
    made: 'trained',
    base: { name: 'base', hash: 'ab'.repeat(32), quant: { linears: 'q8', embeddings: 'q8' } },
    data: {
      ...{ name: 'rows.jsonl', hash: 'cd'.repeat(32), rows: 3, tokens: 30 },
      ...{ supervisedTokens: 20, longestRow: 12, rowsWithoutTarget: 0 },
    },
    run: {
      ...{ recipe: DEFAULT_SETTINGS, steps: 2, stopped: false },
      curve: { losses: [4, 3], evals: [{ step: 0, loss: 4 }] },
      rateChanges: [{ step: 1, learningRate: 1e-4 }],
    },
    probe: { ids: [1], top: [[2]], logits: [[0.5]], logSumExp: [1], effect: 0.1, device: 'x' },
  });
  const receipt = files.find(({ name }) => name === RECEIPT_NAME)!;
  return {
    name: 'receipts',
    sources: [{ bytes: receipt.bytes }],
    maxBytes: 32 * MB,
    async read(bytes) {
      const signed = fileFromBytes(RECEIPT_NAME, await signedReceipt(bytes));
      const told = await readReceipt(signed);
      if (told.run !== undefined) checkSettingsShown(told.run.recipe, told.run.curve.losses);
      const { checks } = await verifyAdapter([...folder, signed]);
      for (const { found } of checks) if (CRASHES.test(found)) throw new Error(found);
    },
  };
}

const CRASHES = /is not a function|undefined|not iterable/;

/** With the hash of the changed facts in place: whoever can write a receipt can write that too. */
async function signedReceipt(bytes: Uint8Array): Promise<Uint8Array> {
  try {
    const { sha256: _, ...facts } = JSON.parse(new TextDecoder().decode(bytes));
    return text(JSON.stringify({ ...facts, sha256: await sha256(text(JSON.stringify(facts))) }));
  } catch {
    return bytes;
  }
}

async function whole(file: ModelFile): Promise<FileBytes> {
  return { name: file.name, bytes: await file.read(0, file.size) };
}

async function backups(): Promise<HostileReader> {
  const folder = await Promise.all(filesOf(ADAPTERS[1]!).map(whole));
  const library = memoryAdapters();
  for (const [i, name] of ['first', 'second'].entries())
    await library.store.save(
      {
        ...{ id: `8f14e45f-ceea-467f-a8f3-1a2b3c4d5e6${i}`, name, created: '2026-11-25T00:00:00.000Z' },
        ...{ baseId: 'scion', baseName: 'Scion', baseHash: 'ab', rank: 8, alpha: 16, targets: ['q_proj'] },
        ...{ datasetName: 'rows.jsonl', steps: 2, finalLoss: 3, validationLoss: 3.5, bytes: 1000 },
        ...{ recipe: DEFAULT_SETTINGS, curve: [4, 3], tags: ['verse'] },
      },
      new Map(folder.map((file) => [file.name, file.bytes])),
    );
  const zip = await writeBackup(library.store, { settings: '{}', theme: '"dark"' }, () => {});
  return {
    name: 'backups',
    sources: [{ bytes: new Uint8Array(await zip.arrayBuffer()) }],
    maxBytes: 32 * MB,
    async read(bytes) {
      const mine = memoryAdapters();
      const file = Object.assign(new Blob([bytes.slice()]), { name: 'backup.zip' });
      await readBackup(mine.store, file, () => {}).finally(async () => {
        // Refused half-way or read to its end: what has been added is whole.
        for (const { id, recipe, curve = [] } of await mine.store.list()) {
          const files = await mine.store.files(id);
          for (const name of ['adapter_config.json', 'adapter_model.safetensors'])
            if (!files.has(name)) throw new Error(`an adapter without ${name}`);
          if (recipe !== undefined) checkSettingsShown(recipe, curve);
        }
      });
    },
  };
}

/** What the library's card does with them. */
function checkSettingsShown({ targets, learningRate, seqLen }: TrainSettings, curve: readonly number[]): void {
  if (typeof targets !== 'string') targets.join(', ');
  for (const number of [learningRate, seqLen, ...curve]) number.toFixed(2);
}

async function checkpoints(): Promise<HostileReader> {
  return {
    name: 'checkpoints',
    sources: [{ bytes: await encodeCheckpoint(checkpoint()), headBytes: 900 }],
    maxBytes: 32 * MB,
    read: async (bytes) => decodeCheckpoint(await sealed(bytes)),
  };
}

const recipes: HostileReader = {
  name: 'recipes and links',
  sources: [
    {
      bytes: text(
        writeRecipe({
          recipe: 1,
          name: 'mine',
          settings: DEFAULT_SETTINGS,
          base: { kind: 'hub', id: 'org/name', revision: 'main' },
          data: { name: 'rows.jsonl', rows: 3, hash: 'ab'.repeat(32) },
        }),
      ),
    },
  ],
  maxBytes: MB,
  read(bytes) {
    readRecipe(new TextDecoder().decode(bytes));
    if (Object.hasOwn(Object.prototype, 'polluted')) throw new Error('a prototype was changed');
  },
};

export async function hostileReaders(): Promise<readonly HostileReader[]> {
  return [
    adapterParts('adapter_model.safetensors'),
    adapterParts('adapter_config.json'),
    ...foreignAdapters(),
    zips(),
    pytorchCheckpoints(),
    ...datasets(),
    ...tokenizers(),
    recipes,
    await checkpoints(),
    await receipts(),
    await backups(),
  ];
}
