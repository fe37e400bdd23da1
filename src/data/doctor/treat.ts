// What data doctor offers against each finding, as changes of rows that go through the log like any other edit.
import type { EditableDataset } from '../editable-dataset.ts';
import type { Finding } from './check-up.ts';
import { hidePersonalData } from './find-personal-data.ts';
import { removeOddCharacters } from './odd-characters.ts';

type Change = readonly [index: number, fields: ReadonlyMap<string, unknown> | undefined];

/** The changes that mend a finding: texts are changed where they stand, other rows are taken out. */
export function treat(dataset: EditableDataset, { kind, rows }: Finding): Change[] {
  const there = rows.filter((index) => !dataset.store.isDeleted(index));
  switch (kind) {
    case 'personal-data':
      return there.map((index) => [index, mapTexts(dataset.store.row(index).fields, hidePersonalData)]);
    case 'odd-characters':
      return there.map((index) => [index, mapTexts(dataset.store.row(index).fields, removeOddCharacters)]);
    case 'conflicts':
      return keepFirst(dataset, there).map((index) => [index, undefined]);
    default:
      return there.map((index) => [index, undefined]);
  }
}

/** Of rows with one prompt the first stays; what is returned goes. */
function keepFirst(dataset: EditableDataset, rows: readonly number[]): number[] {
  const seen = new Set<number | undefined>();
  return rows.filter((index) => {
    const prompt = dataset.promptOf(index);
    if (seen.has(prompt)) return true;
    seen.add(prompt);
    return false;
  });
}

function mapTexts(fields: ReadonlyMap<string, unknown>, change: (text: string) => string): Map<string, unknown> {
  return new Map([...fields].map(([name, value]) => [name, mapValue(value, change)]));
}

function mapValue(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item) => mapValue(item, change));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapValue(item, change)]));
  return value;
}
