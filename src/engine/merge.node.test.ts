// What the folders' receipts say of their base, on the way to a merge and after it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writePeftFolder } from '../lora/files/peft.ts';
import { readAdapterAlone } from '../lora/files/read-alone.ts';
import { diskFolder } from '../model/testing/shared.ts';
import { openModelFiles, writeFolder } from '../storage/node.ts';
import { mergeFolders } from './merge.node.ts';
import { type BaseFacts, findReceipt, withReceipt } from './receipt/receipt.ts';

const ADAPTER = path.join(import.meta.dirname, '../train/testing/fixtures/llama/lora_all_linear/adapter');
const SCION: BaseFacts = { name: 'scion', hash: '1', quant: { linears: 'q8', embeddings: 'q8' } };

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'graft-'));
});
afterAll(() => rm(scratch, { recursive: true }));

/** The same adapter, said to be over `base`. */
async function folderOver(name: string, base: BaseFacts | undefined) {
  const { adapter } = await readAdapterAlone(diskFolder(ADAPTER));
  const folder = path.join(scratch, name);
  await writeFolder(folder, await withReceipt(adapter, writePeftFolder(adapter, { name }), { made: 'trained', base }));
  return { folder, weight: 1 };
}

it('adapters of two bases are refused, and the base of one is that of the result', async () => {
  const [one, other] = [await folderOver('one', SCION), await folderOver('other', SCION)];
  const out = path.join(scratch, 'merged');
  const merge = (...folders: { folder: string; weight: number }[]) => mergeFolders(folders, { method: 'cat' }, out);
  const base = async () => (await findReceipt(await openModelFiles(out)))!.base;

  const foreign = await folderOver('foreign', { ...SCION, name: 'graft', hash: '2' });
  await expect(merge(one, foreign)).rejects.toThrow(
    `Cannot merge the adapters: found "${one.folder}" over scion and "${foreign.folder}" over graft, need one base`,
  );
  await expect(openModelFiles(out), 'nothing is written').rejects.toThrow('found nothing there');

  await merge(one, other);
  expect(await base()).toEqual(SCION);
  await merge(one, await folderOver('of nf4', { ...SCION, hash: '3', quant: { linears: 'nf4', embeddings: 'q8' } }));
  expect(await base(), 'stored in two ways').toBeUndefined();
  await merge(one, await folderOver('of a stranger', undefined));
  expect(await base(), 'not known of all').toBeUndefined();
});
