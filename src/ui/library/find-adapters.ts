// Which adapters are shown, and in what order.
import type { AdapterRecord } from '../../engine/protocol.ts';

export type Order = 'newest' | 'name' | 'loss' | 'size';
export const ORDERS: readonly Order[] = ['newest', 'name', 'loss', 'size'];

export interface Search {
  readonly text: string;
  readonly tag: string | undefined;
  readonly order: Order;
}

/** Every word has to stand in the name, the base, the data, a tag or a target. */
export function findAdapters(
  adapters: readonly AdapterRecord[],
  { text, tag, order }: Search,
): readonly AdapterRecord[] {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = adapters.filter((adapter) => {
    if (tag !== undefined && !adapter.tags?.includes(tag)) return false;
    const { name, baseName, datasetName, tags = [], targets } = adapter;
    const all = [name, baseName, datasetName, ...tags, ...targets].join('\n').toLowerCase();
    return wanted.every((word) => all.includes(word));
  });
  return found.toSorted(BY[order]);
}

/** An unknown loss goes last. */
const lossOf = ({ validationLoss, finalLoss }: AdapterRecord) => {
  const loss = validationLoss ?? finalLoss;
  return Number.isFinite(loss) ? loss : Number.POSITIVE_INFINITY;
};

const BY: Record<Order, (a: AdapterRecord, b: AdapterRecord) => number> = {
  newest: (a, b) => b.created.localeCompare(a.created),
  name: (a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }),
  loss: (a, b) => lossOf(a) - lossOf(b) || 0,
  size: (a, b) => b.bytes - a.bytes,
};

/** Every tag in use, in the order of the alphabet. */
export function tagsOf(adapters: readonly AdapterRecord[]): readonly string[] {
  return [...new Set(adapters.flatMap(({ tags = [] }) => tags))].sort((a, b) => a.localeCompare(b, 'en'));
}

/** "haiku, best" as tags: trimmed, short, once each. */
export function readTags(text: string): readonly string[] {
  const tags = text.split(',').map((tag) => tag.trim().slice(0, 40));
  return [...new Set(tags.filter(Boolean))].slice(0, 20);
}

/** Appends (2), (3), … while the name is taken: nothing in the library is overwritten or confused. */
export function freeName(name: string, taken: readonly string[]): string {
  let free = name;
  for (let n = 2; taken.includes(free); n++) free = `${name} (${n})`;
  return free;
}
