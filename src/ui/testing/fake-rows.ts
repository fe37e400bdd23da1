// Rows for the page without an engine: reads JSONL, CSV or text just well enough to look at the Data place.
import type {
  DatasetMapping,
  DatasetNotice,
  DatasetOptions,
  DatasetReport,
  TokenPreview,
} from '../../engine/protocol.ts';

interface FakeRow {
  readonly line: number;
  readonly prompt: string;
  readonly completion: string;
}

export interface FakeDataset {
  readonly report: DatasetReport;
  readonly previews: readonly TokenPreview[];
}

export async function readFake(files: readonly File[], options: DatasetOptions): Promise<FakeDataset> {
  const file = files[0]!;
  const text = await file.text();
  if (text.includes('THROW')) throw new Error(`Cannot read row 12 of "${file.name}": found an array, need an object`);
  const skipped: DatasetNotice[] = [];
  const warnings: DatasetNotice[] = [];
  const rows = text.split('\n').flatMap((line, i) => readLine(line, i + 1, file.name, skipped));
  const previews = rows.map((row, i) => tokens(row, i, file.name, options, warnings));
  const all = previews.flatMap((preview) => preview.tokens);
  const mapping: DatasetMapping = options.mapping ?? {
    shape: 'prompt-completion',
    columns: { prompt: 'prompt', completion: 'completion' },
  };
  return {
    previews,
    report: {
      name: files.length > 1 ? `${file.name} and ${files.length - 1} more` : file.name,
      format: file.name.split('.').at(-1) ?? 'text',
      mapping,
      columns: ['prompt', 'completion', 'topic'],
      rows: rows.length,
      tokens: all.length,
      supervisedTokens: mapping.shape === 'tokenized' ? 0 : all.filter((token) => token.supervised).length,
      longestRow: Math.max(0, ...previews.map((preview) => preview.tokens.length)),
      skipped,
      warnings,
      hash: 'fake',
    },
  };
}

function readLine(line: string, number: number, file: string, skipped: DatasetNotice[]): FakeRow[] {
  if (line.trim() === '') return [];
  try {
    const row = JSON.parse(line) as { prompt?: string; completion?: string };
    if (typeof row.completion === 'string')
      return [{ line: number, prompt: row.prompt ?? '', completion: row.completion }];
    skipped.push({ file, line: number, reason: 'Cannot use the row: found no "completion", need a text' });
  } catch {
    skipped.push({ file, line: number, reason: 'Cannot read the row: found a line that is not JSON, need an object' });
  }
  return [];
}

function tokens(
  row: FakeRow,
  index: number,
  file: string,
  options: DatasetOptions,
  warnings: DatasetNotice[],
): TokenPreview {
  const words = (text: string) => text.match(/ ?[\p{L}\p{N}']+|\n+|\s|[^\s\p{L}\p{N}]/gu) ?? [];
  const part = (pieces: readonly string[], supervised: boolean) =>
    pieces.map((text) => ({ id: 100 + text.length * 7, text, supervised: supervised || !options.completionOnly }));
  const all = [
    ...part(['<|im_start|>', 'user', '\n', ...words(row.prompt), '<|im_end|>', '\n'], false),
    ...part(['<|im_start|>', 'assistant', '\n'], false),
    ...part([...words(row.completion), '<|im_end|>'], true),
  ];
  if (all.length > options.maxTokens) {
    const reason = `Cut from ${all.length} to ${options.maxTokens} tokens: the end of the answer is not learned`;
    warnings.push({ file, line: row.line, reason });
  }
  return { row: index, file, line: row.line, tokens: all.slice(0, options.maxTokens) };
}
