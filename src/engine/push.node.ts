// An adapter to the Hugging Face Hub, from the command line. Needs no GPU and no base: the folder is read alone.

import path from 'node:path';
import type { FileBytes } from '../lora/files/peft.ts';
import { readAdapterAlone } from '../lora/files/read-alone.ts';
import { type Pushed, pushFiles } from '../model/hub/push-files.ts';
import { baseName, findFile } from '../model/model-file.ts';
import { openModelFiles } from '../storage/node.ts';
import { filesForHub } from './hub-card.ts';
import { hubAccess } from './model-at.node.ts';
import { RECEIPT_NAME, readReceipt } from './receipt/receipt.ts';

export interface PushAdapterRequest {
  /** A PEFT folder. */
  readonly adapter: string;
  readonly repo: string;
  readonly isPrivate: boolean;
  readonly token?: string | undefined;
  onProgress?(doneBytes: number, totalBytes: number): void;
}

/** Of a folder, what goes to the Hub. */
const PARTS = ['adapter_config.json', 'adapter_model.safetensors', 'adapter.safetensors', 'README.md', RECEIPT_NAME];

/** Reads the folder as any reader does before a byte is sent. Throws a sentence. */
export async function pushAdapter(
  request: PushAdapterRequest,
): Promise<Pushed & { readonly files: readonly string[] }> {
  const { endpoint, token = '' } = hubAccess(request.token);
  const found = await openModelFiles(request.adapter);
  const { adapter } = await readAdapterAlone(found);
  const receiptFile = findFile(found, RECEIPT_NAME);
  const receipt = receiptFile && (await readReceipt(receiptFile));
  const parts: FileBytes[] = [];
  for (const file of found.filter(({ name }) => PARTS.includes(baseName(name))))
    parts.push({ name: baseName(file.name), bytes: await file.read(0, file.size) });
  const files = await filesForHub(adapter, parts, receipt, request.repo);
  const pushed = await pushFiles({
    ...{ repo: request.repo, token, endpoint, isPrivate: request.isPrivate, files },
    title: `${path.basename(path.resolve(request.adapter))}, trained with Graft`,
    ...(request.onProgress && { onProgress: request.onProgress.bind(request) }),
  });
  return { ...pushed, files: files.map(({ name }) => name) };
}
