// Rows that are already token ids. Labels stand at the position of their id (nothing is shifted): -100 means "read, not
// learned", anything else must be the id itself.
import { DatasetRowError } from './dataset-error.ts';
import { describeValue } from './row-from-value.ts';
import type { Row } from './types.ts';

/** What PyTorch's cross-entropy ignores. */
export const IGNORED_LABEL = -100;

export function readTokenized(
  row: Row,
  idsColumn: string,
  labelsColumn?: string,
): { ids: Int32Array; labels: Int32Array } {
  const ids = readIntegers(row.fields.get(idsColumn), idsColumn);
  if (ids.length < 2) throw new DatasetRowError(`"${idsColumn}" has ${ids.length} tokens, need at least 2`);
  const negative = ids.findIndex((id) => id < 0);
  if (negative >= 0) throw new DatasetRowError(`"${idsColumn}"[${negative}] is ${ids[negative]}, need a token id`);
  const value = labelsColumn === undefined ? undefined : row.fields.get(labelsColumn);
  if (labelsColumn === undefined || value === undefined || value === null) return { ids, labels: ids };
  const labels = readIntegers(value, labelsColumn);
  if (labels.length !== ids.length)
    throw new DatasetRowError(
      `"${labelsColumn}" has ${labels.length} entries, need ${ids.length} as "${idsColumn}" has`,
    );
  const wrong = labels.findIndex((label, index) => label !== IGNORED_LABEL && label !== ids[index]);
  if (wrong >= 0)
    throw new DatasetRowError(
      `"${labelsColumn}"[${wrong}] is ${labels[wrong]}, need ${IGNORED_LABEL} or the id ${ids[wrong]} at the same place`,
    );
  return { ids, labels };
}

function readIntegers(value: unknown, column: string): Int32Array {
  if (!Array.isArray(value))
    throw new DatasetRowError(`"${column}" is ${describeValue(value)}, need a list of integers`);
  const wrong = value.findIndex((item) => !Number.isInteger(item) || Math.abs(item) >= 2 ** 31);
  if (wrong >= 0) throw new DatasetRowError(`"${column}"[${wrong}] is ${describeValue(value[wrong])}, need an integer`);
  return Int32Array.from(value as number[]);
}
