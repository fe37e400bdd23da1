// What a dataset is, before any model is chosen: `graft inspect`, and the first look on the page.
import { createReadContext } from './read-context.ts';
import { type FileReport, readExamples } from './read-examples.ts';
import type { DataFile, Mapping, Notice, ReadProgress, Shape } from './types.ts';

export interface DatasetInspection {
  readonly kind: 'dataset';
  readonly name: string;
  /** "jsonl", or "csv + json" for files of several formats. */
  readonly format: string;
  readonly shape: Shape;
  readonly mapping: Mapping;
  /** Rows that can be used. */
  readonly rows: number;
  readonly columns: readonly string[];
  readonly skipped: readonly Notice[];
  readonly warnings: readonly Notice[];
}

/** Throws DatasetError when nothing can be used. */
export async function inspectFiles(
  files: readonly DataFile[],
  options: { readonly mapping?: Mapping } = {},
  signal?: AbortSignal,
  onProgress?: (progress: ReadProgress) => void,
): Promise<DatasetInspection> {
  const context = createReadContext(sumBytes(files), signal, onProgress);
  const reports = await readExamples(files, options.mapping, context, {
    take: () => undefined,
    endFile: () => undefined,
  });
  const { name, format, mapping, columns, usable } = summarizeReports(files, reports);
  const { skipped, warnings } = context.notices;
  return { kind: 'dataset', name, format, shape: mapping.shape, mapping, rows: usable, columns, skipped, warnings };
}

export function sumBytes(files: readonly DataFile[]): number {
  return files.reduce((sum, file) => sum + file.size, 0);
}

/** One answer for several files: the mapping is that of the file with the most usable rows. */
export function summarizeReports(
  files: readonly DataFile[],
  reports: readonly FileReport[],
): { name: string; format: string; mapping: Mapping; columns: string[]; usable: number } {
  const largest = reports.reduce((best, report) => (report.usable > best.usable ? report : best));
  return {
    name: files.length === 1 ? files[0]!.name : `${files[0]!.name} and ${files.length - 1} more`,
    format: [...new Set(reports.map((report) => report.format))].join(' + '),
    mapping: largest.mapping,
    columns: [...new Set(reports.flatMap((report) => report.columns))],
    usable: reports.reduce((sum, report) => sum + report.usable, 0),
  };
}
