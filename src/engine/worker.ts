// The engine's door for the page: a Web Worker that serves `EngineApi` through comlink.

import { expose } from 'comlink';
import { fileFromBytes, type ModelFile } from '../model/model-file.ts';
import { openAdapterStore, openPreparedStore } from '../storage/browser.ts';
import { Engine } from './engine.ts';
import type { AdapterRecord } from './protocol.ts';

/** Files of a bundled model. The weights come first: their size is what progress is measured by. */
const MODEL_FILES = [
  'model.safetensors',
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'README.md',
];

async function fetchModel(url: string, onProgress: (done: number, total: number) => void): Promise<ModelFile[]> {
  const files: ModelFile[] = [];
  for (const name of MODEL_FILES) {
    const response = await fetch(new URL(name, url));
    if (!response.ok || response.body === null)
      throw new Error(`Cannot load the bundled model: found no "${name}" (status ${response.status})`);
    const total = Number(response.headers.get('content-length') ?? 0);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let done = 0;
    for await (const part of streamOf(response.body)) {
      parts.push(part);
      done += part.byteLength;
      if (name === MODEL_FILES[0]) onProgress(done, Math.max(total, done));
    }
    files.push(fileFromBytes(name, new Uint8Array(await new Blob(parts).arrayBuffer())));
  }
  return files;
}

/** Safari's ReadableStream cannot be iterated. */
async function* streamOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield value;
  }
}

expose(
  new Engine({
    gpu: 'gpu' in navigator ? navigator.gpu : undefined,
    prepared: openPreparedStore(),
    adapters: openAdapterStore<AdapterRecord>(),
    fetchModel,
  }),
);
