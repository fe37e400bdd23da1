// A dataset in the words of the protocol.

import type { EditableDataset } from '../data/editable-dataset.ts';
import { promptingOf } from '../data/prompting.ts';
import type { TokenRow } from '../data/types.ts';
import type { DatasetNotice, DatasetReport, NoticeList } from './protocol.ts';

/** @param unkept why the dataset is not kept for the next visit. */
export function describeDataset(table: EditableDataset, version: number, unkept: string | undefined): DatasetReport {
  const { name, fileCount: files, format, mapping, columns } = table;
  const { rows, pending, tokens, supervisedTokens, longestRow } = table.fitted;
  const { canUndo: undo, canRedo: redo } = table.log;
  const { skipped, warnings } = noticesOf(table, unkept);
  const prompting = promptingOf(table);
  const problem = table.problem?.message;
  return {
    ...{ name, files, format, mapping, columns },
    rows: rows.length,
    tableRows: table.rowCount,
    ...{ pending, version },
    ...(undo !== undefined && { undo }),
    ...(redo !== undefined && { redo }),
    ...{ tokens, supervisedTokens, longestRow },
    rowFiles: files > 1 ? countByFile(rows) : [],
    skipped: skipped.length,
    warnings: warnings.length,
    ...(prompting !== undefined && { prompting }),
    ...(problem !== undefined && { problem }),
  };
}

function countByFile(rows: readonly TokenRow[]): DatasetReport['rowFiles'] {
  const counts = new Map<string, number>();
  for (const { file } of rows) counts.set(file, (counts.get(file) ?? 0) + 1);
  return [...counts].map(([name, count]) => ({ name, rows: count }));
}

export function noticesOf(
  { name, fitted: { skipped, warnings } }: EditableDataset,
  unkept: string | undefined,
): Readonly<Record<NoticeList, readonly DatasetNotice[]>> {
  const notKept = { file: name, line: 0, reason: `not kept for the next visit: ${unkept}` };
  return { skipped, warnings: unkept === undefined ? warnings : [notKept, ...warnings] };
}
