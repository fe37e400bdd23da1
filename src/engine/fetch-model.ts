// The bundled model's files, from the page's own host.

import { fileFromBytes, type ModelFile } from '../model/model-file.ts';

/** Files of a bundled model and whether it works without. The weights come first: progress is measured by them. */
const MODEL_FILES: readonly (readonly [string, 'needed' | 'optional'])[] = [
  ['model.safetensors', 'needed'],
  ['config.json', 'needed'],
  ['tokenizer.json', 'needed'],
  ['tokenizer_config.json', 'optional'],
  ['generation_config.json', 'optional'],
  ['README.md', 'optional'],
];

/** Fetches them one after the other. Throws an Error that names a needed file that is not there. */
export async function fetchModel(
  url: string,
  onProgress: (done: number, total: number) => void,
  signal: AbortSignal,
): Promise<ModelFile[]> {
  const files: ModelFile[] = [];
  for (const [name, need] of MODEL_FILES) {
    const response = await fetch(new URL(name, url), { signal });
    if (response.status === 404 && need === 'optional') continue;
    if (!response.ok || response.body === null)
      throw new Error(`Cannot load the bundled model: found no "${name}" (status ${response.status})`);
    const total = Number(response.headers.get('content-length') ?? 0);
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let done = 0;
    for await (const part of streamOf(response.body)) {
      parts.push(part);
      done += part.byteLength;
      if (name === MODEL_FILES[0]![0]) onProgress(done, Math.max(total, done));
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
