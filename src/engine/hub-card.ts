// The files of an adapter as they go to the Hub: the card says where to load it from and shows how the loss went; the receipt is
// written anew, because it holds the card's hash.

import type { Adapter } from '../lora/adapter.ts';
import type { FileBytes } from '../lora/files/peft.ts';
import { lossPicture } from './loss-picture.ts';
import { RECEIPT_NAME, type Receipt, withReceipt } from './receipt/receipt.ts';

const PICTURE = 'loss-curve.png';

/** `files`: a PEFT folder's. `repo`: "user/name". */
export async function filesForHub(
  adapter: Adapter,
  files: readonly FileBytes[],
  receipt: Receipt | undefined,
  repo: string,
): Promise<FileBytes[]> {
  const picture = receipt?.run && lossPicture(receipt.run.curve);
  const card = files.find(({ name }) => name === 'README.md');
  const others = files.filter(({ name }) => name !== 'README.md' && name !== RECEIPT_NAME && name !== PICTURE);
  const text = card ? new TextDecoder().decode(card.bytes) : '';
  const out: FileBytes[] = [
    ...others,
    { name: 'README.md', bytes: new TextEncoder().encode(cardForHub(text, repo, picture !== undefined)) },
    ...(picture ? [{ name: PICTURE, bytes: picture }] : []),
  ];
  if (receipt === undefined) return out;
  const { made, from, base, data, run, probe } = receipt;
  return withReceipt(adapter, out, { made, from, base, data, run, probe });
}

/** The card of model-card.ts with its own address and the picture. */
export function cardForHub(card: string, repo: string, hasPicture: boolean): string {
  const image = `![Loss by step: dots are steps, the line is their smoothed course, squares are held-back rows](${PICTURE})`;
  const loaded = card
    .replaceAll('"path/to/this/folder"', JSON.stringify(repo))
    .replace('from this folder:', 'from the Hub:');
  if (!hasPicture || loaded.includes(`](${PICTURE})`)) return loaded;
  if (loaded.includes('\n## Loss\n')) return loaded.replace('\n## Loss\n', `\n## Loss\n\n${image}\n`);
  const use = loaded.indexOf('\n## Use\n');
  const at = use < 0 ? loaded.length : use;
  return `${loaded.slice(0, at)}\n## Loss\n\n${image}\n${loaded.slice(at)}`;
}
