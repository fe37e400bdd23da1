// Does a table begin with the names of its columns? Known names say yes, and words above numbers; values that come again
// below, numbers and sentences say no.
import { findAlias } from './known-names.ts';

/** Names are short; a sentence is not a name. */
const MAX_NAME_CHARS = 64;
/** A name may come again once (some files repeat their header); a value of a category comes again and again. */
const MAX_REPEATS = 1;

export function hasHeader(records: readonly (readonly string[])[]): boolean {
  const [first, ...below] = records;
  if (first === undefined) return false;
  const names = first.map((cell) => cell.trim());
  if (names.some((name) => findAlias(name) !== undefined)) return true;
  const columns = names.map((_, column) =>
    below.map((cells) => cells[column]?.trim() ?? '').filter((cell) => cell !== ''),
  );
  if (names.some((name, column) => isName(name) && areNumbers(columns[column]!))) return true;
  return names.every((name, column) => {
    const repeats = columns[column]!.filter((cell) => cell === name).length;
    return name === '' || (isName(name) && repeats <= MAX_REPEATS);
  });
}

function isName(text: string): boolean {
  return text !== '' && text.length <= MAX_NAME_CHARS && !/[.!?…]$|\n/.test(text) && !isNumber(text);
}

function isNumber(text: string): boolean {
  return text !== '' && !Number.isNaN(Number(text));
}

/** Most of them. */
function areNumbers(cells: readonly string[]): boolean {
  return cells.filter(isNumber).length * 2 > cells.length;
}
