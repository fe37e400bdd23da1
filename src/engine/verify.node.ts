// An adapter's folder or zip, opened and held against its receipt.

import { stat } from 'node:fs/promises';
import { unzipAdapter } from '../lora/files/zip-adapter.ts';
import type { BaseModel } from '../model/base-model.ts';
import { openModelFile, openModelFiles } from '../storage/node.ts';
import { type Verification, verifyAdapter } from './receipt/verify-adapter.ts';

export type { Verification } from './receipt/verify-adapter.ts';

/** Throws only when there is nothing at the path, or no adapter in the zip. */
export async function verifyAt(at: string, model?: BaseModel): Promise<Verification> {
  const isZip = /\.zip$/i.test(at) && (await stat(at).catch(() => undefined))?.isFile();
  const files = isZip ? unzipAdapter(await readWhole(at), at) : await openModelFiles(at);
  return verifyAdapter(files, model);
}

async function readWhole(at: string): Promise<Uint8Array> {
  const file = await openModelFile(at);
  return file.read(0, file.size);
}
