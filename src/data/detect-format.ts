// The head of a file → its format. Content decides, the extension only where content leaves it open: people rename
// files, and ".txt" holds anything.
import Papa from 'papaparse';
import { findAlias } from './known-names.ts';
import type { FileFormat } from './types.ts';

export interface FormatGuess {
  readonly format: FileFormat;
  /** Tables only. */
  readonly delimiter?: string;
}

const DELIMITERS = [',', '\t', ';', '|'];
/** Lines of a text file that must all have the same number of tabs before it is taken for a table. */
const MIN_TABLE_LINES = 5;
/** Share of lines that are objects by themselves: an array written one row per line has only its last one. */
const MIN_JSONL_SHARE = 0.5;

/** `head`: decoded start of the file; `isWhole`: there is no more. */
export function detectFormat(name: string, head: string, isWhole: boolean): FormatGuess {
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const isText = ['txt', 'text', 'md', 'markdown', 'mdx', 'rst'].includes(extension);
  const isTable = ['csv', 'tsv', 'tab'].includes(extension);
  const isJsonLines = ['jsonl', 'ndjson'].includes(extension);
  const lines = head.split('\n');
  // The last line of a head may be half a line.
  if (!isWhole) lines.pop();
  const filled = lines.map((line) => line.trim()).filter((line) => line !== '');
  const start = head.trimStart();

  const objects = filled.filter((line) => line.startsWith('{') && isJson(line)).length;
  if (objects > filled.length * MIN_JSONL_SHARE) {
    const isOneObject = isWhole && filled.length === 1 && !isJsonLines;
    return { format: isOneObject ? 'json' : 'jsonl' };
  }
  if (isJsonLines && filled.length > 1 && isJson(filled[0]!)) return { format: 'jsonl' };
  if (start.startsWith('{') && !isText && !isTable && !(isJsonLines && filled[0] !== '{')) return { format: 'json' };
  if (start.startsWith('[') && (/^\[\s*\{/.test(start) || !(isText || isTable || isJsonLines)))
    return { format: 'json' };

  if (isJsonLines) return { format: 'jsonl' };
  if (extension === 'json') return { format: 'json' };
  if (isTable) return detectTable(head, lines, extension);
  if (['md', 'markdown', 'mdx'].includes(extension)) return { format: 'markdown' };
  if (hasSameTabs(filled)) return { format: 'tsv', delimiter: '\t' };
  if (hasKnownHeader(filled)) return { format: 'csv', delimiter: ',' };
  return { format: 'text' };
}

function detectTable(head: string, lines: readonly string[], extension: string): FormatGuess {
  if (extension !== 'csv' && lines.some((line) => line.includes('\t'))) return { format: 'tsv', delimiter: '\t' };
  const { meta } = Papa.parse<string[]>(head, {
    delimitersToGuess: DELIMITERS,
    newline: '\n',
    preview: 20,
    skipEmptyLines: true,
  });
  return { format: meta.delimiter === '\t' ? 'tsv' : 'csv', delimiter: meta.delimiter };
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

function hasSameTabs(lines: readonly string[]): boolean {
  const tabs = lines.map((line) => line.split('\t').length - 1);
  return lines.length >= MIN_TABLE_LINES && tabs[0]! > 0 && tabs.every((count) => count === tabs[0]);
}

/** A first line made of nothing but known names ("prompt,completion"): prose does not begin like that. */
function hasKnownHeader(lines: readonly string[]): boolean {
  const cells = (lines[0] ?? '').split(',');
  return (
    cells.length > 1 && lines.length > 1 && cells.every((cell) => findAlias(cell.replaceAll('"', '')) !== undefined)
  );
}
