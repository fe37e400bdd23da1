// The table as a file: one JSON object a row with the names and values of its fields, edits and all. Read again, it gives the same rows.
import type { ReadContext } from './read-context.ts';
import type { RowStore } from './row-store.ts';

/** Text that is held before it becomes part of the file, which a browser may keep on disk. */
const PART_CHARS = 4 << 20;

/** Deleted rows are left out. */
export async function rowsAsJsonl(store: RowStore, context: Pick<ReadContext, 'breathe'>): Promise<Blob> {
  const parts: Blob[] = [];
  let text = '';
  for (let index = 0; index < store.length; index++) {
    await context.breathe();
    if (store.isDeleted(index)) continue;
    text += `${JSON.stringify(Object.fromEntries(store.row(index).fields))}\n`;
    if (text.length < PART_CHARS) continue;
    parts.push(new Blob([text]));
    text = '';
  }
  return new Blob([...parts, text], { type: 'application/jsonl' });
}
