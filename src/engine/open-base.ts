// Files → an opened base: the folder is read and checked, its weights streamed to the device in the scheme asked for, or
// taken from the prepared copy of an earlier opening.

import type { Device } from '../gpu/device.ts';
import { type TuningStore, tune } from '../gpu/tuning.ts';
import { BaseModel } from '../model/base-model.ts';
import { chooseQuant } from '../model/choose-quant.ts';
import { baseName, type ModelFile } from '../model/model-file.ts';
import { openModelFolder } from '../model/model-folder.ts';
import { modelParts } from '../model/model-parts.ts';
import type { QuantChoice } from '../model/prepare-weights.ts';
import type { PreparedStore } from '../model/prepared-store.ts';

export interface OpenBaseOptions {
  readonly name?: string;
  /** For files that do not state one. */
  readonly licence?: string | undefined;
  readonly store?: PreparedStore | undefined;
  /** Keeps what the device does best; without one nothing is measured, and facts choose. */
  readonly tunings?: TuningStore | undefined;
  /** Of the machine, for the choice of a scheme. */
  readonly memoryBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  onProgress?(doneBytes: number, totalBytes: number): void;
}

export async function openBase(
  device: Device,
  files: readonly ModelFile[],
  asked: QuantChoice | 'auto',
  options: OpenBaseOptions = {},
): Promise<BaseModel> {
  if (options.tunings !== undefined) await tune(device, options.tunings);
  const opened = await openModelFolder(files, options.name);
  const folder = { ...opened, licence: opened.licence ?? options.licence };
  const quant =
    asked === 'auto'
      ? chooseQuant(modelParts(folder.config).tensors, folder.tensors, { memoryBytes: options.memoryBytes })
      : asked;
  const key = options.store && (await sourceKey(files, quant));
  return BaseModel.open(device, folder, quant, {
    store: options.store,
    signal: options.signal,
    ...(key !== undefined && { key }),
    ...(options.onProgress && { onProgress: options.onProgress.bind(options) }),
  });
}

/** Bytes looked at in each of 64 places of a weight file. */
const SAMPLE_BYTES = 4096;
const SAMPLES = 64;

/**
 * Names a source and a scheme: SHA-256 over every weight file's name, size, header and 64 samples spread over it. Reading all
 * of a 2 GB file would cost as long as preparing it; the prepared copy itself is checked in full when it is opened. A file
 * with an identity is not read at all.
 */
async function sourceKey(files: readonly ModelFile[], quant: QuantChoice): Promise<string> {
  const parts: Uint8Array[] = [new TextEncoder().encode(JSON.stringify(quant))];
  for (const file of files
    .filter((f) => /\.(safetensors|json|gguf)$/i.test(f.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))) {
    parts.push(new TextEncoder().encode(`${baseName(file.name)}:${file.size};`));
    if (file.identity !== undefined) {
      parts.push(new TextEncoder().encode(`${file.identity};`));
      continue;
    }
    const step = Math.max(SAMPLE_BYTES, Math.floor(file.size / SAMPLES));
    for (let at = 0; at < file.size; at += step)
      parts.push(await file.read(at, Math.min(SAMPLE_BYTES, file.size - at)));
  }
  const all = new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', all));
  return [...digest.subarray(0, 16)].map((b) => b.toString(16).padStart(2, '0')).join('');
}
