// A dataset in the words of the protocol.

import type { EditableDataset } from '../data/editable-dataset.ts';
import type { Dataset } from '../data/load-dataset.ts';
import type { DatasetReport } from './protocol.ts';

/** @param unkept why the dataset is not kept for the next visit. */
export function describeDataset(
  dataset: Dataset,
  table: EditableDataset,
  version: number,
  unkept: string | undefined,
): DatasetReport {
  const { name, format, mapping, columns, tokens, supervisedTokens, longestRow, skipped, warnings, hash } = dataset;
  const { canUndo: undo, canRedo: redo } = table.log;
  const problem = table.problem?.message;
  return {
    name,
    format,
    mapping,
    columns,
    rows: dataset.rows.length,
    tableRows: table.rowCount,
    pending: table.fitted.pending,
    version,
    ...(undo !== undefined && { undo }),
    ...(redo !== undefined && { redo }),
    tokens,
    supervisedTokens,
    longestRow,
    skipped,
    warnings:
      unkept === undefined
        ? warnings
        : [...warnings, { file: name, line: 0, reason: `not kept for the next visit: ${unkept}` }],
    hash,
    ...(problem !== undefined && { problem }),
  };
}
