// Which rows hold a text, whatever its case. Rows are compared as they are packed, without being taken apart; only a row whose
// values nest is looked into, because the names of inner fields are no text of it.
import type { ReadContext } from './read-context.ts';
import type { RowStore } from './row-store.ts';

/** Indices of the rows among `candidates` that hold `text`. Stops with the signal's reason when aborted. */
export async function searchRows(
  store: RowStore,
  text: string,
  candidates: Iterable<number>,
  context: Pick<ReadContext, 'breathe'>,
): Promise<number[]> {
  const wanted = text.toLowerCase();
  // As it stands in JSON: a quote is \", a line end \n.
  const packed = JSON.stringify(text).slice(1, -1).toLowerCase();
  const found: number[] = [];
  for (const index of candidates) {
    await context.breathe();
    const json = store.json(index);
    if (!json.toLowerCase().includes(packed)) continue;
    if (!/[{[]/.test(json.slice(1)) || holds(JSON.parse(json), wanted)) found.push(index);
  }
  return found;
}

function holds(value: unknown, wanted: string): boolean {
  if (Array.isArray(value)) return value.some((item) => holds(item, wanted));
  if (typeof value === 'object' && value !== null) return Object.values(value).some((item) => holds(item, wanted));
  return String(value).toLowerCase().includes(wanted);
}
