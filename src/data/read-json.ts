// JSON: an array of objects, read element by element at the memory of one; or one object, which is a row or holds the
// rows in one list ({"data": […]}). Lines are the ones where each row begins.
import { cannotRead } from './dataset-error.ts';
import { JsonScanner } from './json-scanner.ts';
import type { ReadContext } from './read-context.ts';
import { rowFromValue } from './row-from-value.ts';
import type { Row } from './types.ts';

/** Lists in an object under other names are data about the data; when several hold rows, these are taken. */
const PREFERRED_LISTS = ['train', 'data', 'rows', 'examples'];

export async function* readJson(
  file: string,
  blocks: AsyncIterable<string>,
  context: ReadContext,
): AsyncGenerator<Row[]> {
  const scanner = new JsonScanner(file, context.notices);
  for await (const block of blocks) {
    await context.breathe();
    const rows: Row[] = [];
    for (const { line, text } of scanner.scan(block)) {
      await context.breathe();
      const row = parseElement(file, line, text);
      if (typeof row === 'string') context.notices.skip(file, line, row);
      else rows.push(row);
    }
    yield rows;
  }
  scanner.end();
  if (scanner.wrapper !== undefined) yield readWrapper(file, scanner.wrapper, context);
}

function parseElement(file: string, line: number, text: string): Row | string {
  try {
    return rowFromValue(file, line, JSON.parse(text));
  } catch {
    return 'not valid JSON';
  }
}

/** `lists`: for each key of the object that holds a list, the lines where its elements begin. */
function readWrapper(
  file: string,
  wrapper: { text: string; line: number; lists: ReadonlyMap<string, readonly number[]> },
  context: ReadContext,
): Row[] {
  let value: object;
  try {
    value = JSON.parse(wrapper.text);
  } catch {
    throw cannotRead(file, 'found an object that is not valid JSON', 'valid JSON', wrapper.line);
  }
  const lists = Object.entries(value).filter(
    (entry): entry is [string, unknown[]] => Array.isArray(entry[1]) && entry[1].some(isPlainObject),
  );
  const isMessages = lists.some(([, list]) =>
    list.some((item) => isPlainObject(item) && ('role' in item || 'from' in item)),
  );
  const preferred = PREFERRED_LISTS.map((name) => lists.find(([key]) => key === name)).find(
    (entry) => entry !== undefined,
  );
  const chosen = preferred ?? (lists.length === 1 && !isMessages ? lists[0] : undefined);
  if (chosen === undefined) {
    const row = rowFromValue(file, wrapper.line, value);
    if (typeof row !== 'string') return [row];
    throw cannotRead(file, row, 'rows', wrapper.line);
  }
  const others = lists.filter((entry) => entry !== chosen).map(([key]) => `"${key}"`);
  if (others.length > 0)
    context.notices.warn(file, 0, `only the rows of "${chosen[0]}" are read, not those of ${others.join(', ')}`);
  const lines = wrapper.lists.get(chosen[0]);
  return chosen[1].flatMap((item, index) => {
    const line = lines?.[index] ?? wrapper.line;
    // The data viewer of Hugging Face exports {"rows": [{"row_idx": 0, "row": {…}}]}.
    const inner = isPlainObject(item) && isPlainObject(item.row) ? item.row : item;
    const row = rowFromValue(file, line, inner);
    if (typeof row !== 'string') return [row];
    context.notices.skip(file, line, row);
    return [];
  });
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
