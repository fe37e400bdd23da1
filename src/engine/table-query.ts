// What the page asks of the table: which rows, in which order, and the few of them that are on the screen.

import type { EditableDataset } from '../data/editable-dataset.ts';
import type { ReadContext } from '../data/read-context.ts';
import { rowText } from '../data/row-text.ts';
import { searchRows } from '../data/search-rows.ts';
import type { FindingKind, RankGroup, TableQuery, TableRow } from './protocol.ts';

/** Shown of a text: two lines of a table. */
const SHOWN_CHARS = 240;

/** What is known of rows beside the dataset itself, by their place in the store. */
export interface RowFacts {
  readonly findings: ReadonlyMap<FindingKind, readonly number[]>;
  readonly groups: Readonly<Record<RankGroup, ReadonlySet<number>>> | undefined;
  readonly losses: ReadonlyMap<number, number>;
  readonly heldBack: ReadonlySet<number>;
}

/** Places of the rows that the query finds, in its order. Throws the signal's reason when a newer query has come. */
export async function findRows(
  dataset: EditableDataset,
  { search, show, sort }: TableQuery,
  facts: RowFacts,
  context: Pick<ReadContext, 'breathe'>,
): Promise<readonly number[]> {
  const there = shownRows(dataset, show, facts);
  const found = search.trim() === '' ? there : await searchRows(dataset.store, search.trim(), there, context);
  if (sort === 'longest') return sortBy(found, (index) => -(dataset.tokensOf(index) ?? 0));
  const lossOf = (index: number) => facts.losses.get(index);
  if (sort === 'hardest') return sortBy(found, (index) => -(lossOf(index) ?? Number.NEGATIVE_INFINITY));
  if (sort === 'easiest') return sortBy(found, (index) => lossOf(index) ?? Number.POSITIVE_INFINITY);
  return found;
}

function shownRows(dataset: EditableDataset, show: TableQuery['show'], facts: RowFacts): number[] {
  const { firstRow } = dataset.fitted;
  switch (show) {
    case 'all':
      return rowsThat(dataset, () => true);
    case 'used':
      return rowsThat(dataset, (index) => firstRow[index]! >= 0);
    case 'skipped':
      return rowsThat(dataset, (index) => firstRow[index]! < 0 && dataset.tokensOf(index) !== undefined);
    case 'edited':
      return rowsThat(dataset, (index) => dataset.log.isEdited(index));
    case 'known':
    case 'hardest':
    case 'mislabelled': {
      const group = facts.groups?.[show];
      return rowsThat(dataset, (index) => group?.has(index) ?? false);
    }
    default:
      return (facts.findings.get(show) ?? []).filter((index) => !dataset.store.isDeleted(index));
  }
}

function rowsThat({ store }: EditableDataset, isShown: (index: number) => boolean): number[] {
  const rows: number[] = [];
  for (let index = 0; index < store.length; index++) if (!store.isDeleted(index) && isShown(index)) rows.push(index);
  return rows;
}

function sortBy(rows: readonly number[], key: (index: number) => number): number[] {
  return rows
    .map((index) => ({ index, key: key(index) }))
    .sort((a, b) => a.key - b.key || a.index - b.index)
    .map(({ index }) => index);
}

export function describeRow(dataset: EditableDataset, index: number, facts: RowFacts): TableRow {
  const { store } = dataset;
  const first = dataset.fitted.firstRow[index]!;
  const example = dataset.example(index);
  const text = example ? rowText(example) : { prompt: '', answer: fieldsText(dataset, index) };
  return {
    index,
    file: store.fileOf(index),
    line: store.lineOf(index),
    prompt: shorten(text.prompt),
    answer: shorten(text.answer),
    tokens: dataset.tokensOf(index),
    tokenRow: first < 0 ? undefined : first,
    skipped: dataset.skippedOf(index),
    isEdited: dataset.log.isEdited(index),
    side: first < 0 ? undefined : facts.heldBack.has(index) ? 'validation' : 'train',
    loss: facts.losses.get(index),
  };
}

/** A row without a meaning, as it stands in its file. */
function fieldsText(dataset: EditableDataset, index: number): string {
  const fields = [...dataset.store.row(index).fields];
  return fields
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ');
}

function shorten(text: string): string {
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}
