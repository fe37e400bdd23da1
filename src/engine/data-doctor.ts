// Data doctor: the last check of the open dataset, and its fixes.

import type { Finding as Found } from '../data/doctor/check-up.ts';
import type { EditableDataset } from '../data/editable-dataset.ts';
import { createReadContext } from '../data/read-context.ts';
import { splitRows } from '../train/split-rows.ts';
import type { Finding, FindingKind, OnProgress, SplitSettings } from './protocol.ts';

const STEP: Readonly<Record<FindingKind, string>> = {
  repeats: 'Removal of repeated rows',
  'near-repeats': 'Removal of nearly repeated rows',
  similar: 'Removal of similar rows',
  'empty-answers': 'Removal of rows without an answer',
  conflicts: 'Removal of conflicting answers',
  leaks: 'Removal of leaks',
  'personal-data': 'Hiding of personal data',
  'odd-characters': 'Removal of odd characters',
};
/** Taking rows out moves the split, which can make a new leak; it settles within a few rounds. */
const MAX_ROUNDS = 20;

export class DataDoctor {
  findings = new Map<FindingKind, readonly number[]>();
  /** Grows with each check. */
  checks = 0;
  private last: readonly Found[] = [];
  private checking: AbortController | undefined;

  async checkUp(
    table: EditableDataset,
    heldBack: ReadonlySet<number>,
    onProgress: OnProgress,
  ): Promise<readonly Finding[]> {
    this.cancel();
    const mine = new AbortController();
    this.checking = mine;
    const context = createReadContext(0, mine.signal);
    const { checkUp } = await import('../data/doctor/check-up.ts');
    const found = await checkUp(table, heldBack, context, (done, total) =>
      onProgress({ what: 'Looking through the rows', done, total, unit: 'rows' }),
    );
    this.last = found;
    this.checks += 1;
    this.findings = new Map(found.map(({ kind, rows }) => [kind, rows]));
    return found.map(({ kind, rows, examples }) => ({
      kind,
      rows: rows.length,
      examples: examples.map((one) => ({
        ...one,
        file: table.store.fileOf(one.index),
        line: table.store.lineOf(one.index),
      })),
    }));
  }

  cancel(): void {
    this.checking?.abort();
  }

  forget(): void {
    this.cancel();
    this.last = [];
    this.findings = new Map();
    this.checks += 1;
  }

  /** Mends what the last check has found of this kind. */
  async fix(table: EditableDataset, kind: FindingKind, split: SplitSettings): Promise<void> {
    const finding = this.last.find((one) => one.kind === kind);
    if (finding === undefined) throw new Error('Cannot fix that: the last check has found nothing of the kind');
    const { treat } = await import('../data/doctor/treat.ts');
    const changes = kind === 'leaks' ? untilNoLeak(table, split) : treat(table, finding);
    table.change(STEP[kind], changes);
  }
}

/** Rows that have to go so that no prompt stands on both sides of the split of what is left. */
function untilNoLeak(table: EditableDataset, split: SplitSettings): [number, undefined][] {
  const { rows, origin } = table.fitted;
  const gone = new Set<number>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const left = rows.flatMap((row, i) => (gone.has(origin[i]!) ? [] : [{ row, index: origin[i]! }]));
    const { train, validation } = splitRows(
      left.map(({ row }) => row),
      split,
    );
    const trained = new Set(train.map((i) => table.promptOf(left[i]!.index)));
    trained.delete(undefined); // text has no prompt to leak
    const leaks = validation.map((i) => left[i]!.index).filter((index) => trained.has(table.promptOf(index)));
    if (leaks.length === 0) break;
    for (const index of leaks) gone.add(index);
  }
  return [...gone].map((index) => [index, undefined]);
}
