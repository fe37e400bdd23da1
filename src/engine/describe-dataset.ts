// A dataset in the words of the protocol.

import type { DatasetError } from '../data/dataset-error.ts';
import type { Dataset } from '../data/load-dataset.ts';
import type { DataFile } from '../data/types.ts';
import type { DatasetReport } from './protocol.ts';

export function describeDataset(dataset: Dataset): DatasetReport {
  const { name, format, mapping, columns, tokens, supervisedTokens, longestRow, skipped, warnings, hash } = dataset;
  return {
    name,
    format,
    mapping,
    columns,
    rows: dataset.rows.length,
    tokens,
    supervisedTokens,
    longestRow,
    skipped,
    warnings,
    hash,
  };
}

/** Files that were read but whose columns have no meaning yet: the page lets the user choose. */
export function unmappedReport(files: readonly DataFile[], error: DatasetError): DatasetReport {
  return {
    name: files[0]?.name ?? '',
    format: '',
    mapping: { shape: 'prompt-completion', columns: {} },
    columns: error.columns,
    rows: 0,
    tokens: 0,
    supervisedTokens: 0,
    longestRow: 0,
    skipped: [],
    warnings: error.notices,
    hash: '',
    problem: error.message,
  };
}
