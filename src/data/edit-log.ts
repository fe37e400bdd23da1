// What was changed by hand or by a fix, step by step, so that each step can be taken back and made again. A step is the
// versions of the rows that it touched, before and after.
import type { RowStore, RowVersion } from './row-store.ts';

interface Change {
  readonly index: number;
  readonly before: RowVersion;
  readonly after: RowVersion;
}

export interface EditStep {
  /** For people: "3 rows deleted". */
  readonly what: string;
  readonly changes: readonly Change[];
}

export interface EditLogState {
  readonly done: readonly EditStep[];
  readonly undone: readonly EditStep[];
}

export class EditLog {
  readonly #done: EditStep[] = [];
  readonly #undone: EditStep[] = [];
  /** How many of the steps that are done have changed a row. */
  readonly #timesEdited = new Map<number, number>();

  constructor(
    private readonly store: RowStore,
    state: EditLogState = { done: [], undone: [] },
  ) {
    this.#done.push(...state.done);
    this.#undone.push(...state.undone);
    for (const step of this.#done) this.#count(step, 1);
  }

  get state(): EditLogState {
    return { done: [...this.#done], undone: [...this.#undone] };
  }

  get canUndo(): string | undefined {
    return this.#done.at(-1)?.what;
  }

  get canRedo(): string | undefined {
    return this.#undone.at(-1)?.what;
  }

  /** Whether a row's current version is not the one that was read. */
  isEdited(index: number): boolean {
    return this.#timesEdited.has(index);
  }

  /** Makes the versions current, as one step. Returns the rows that changed. */
  apply(what: string, versions: Iterable<readonly [index: number, version: RowVersion]>): number[] {
    const changes = Array.from(versions, ([index, after]) => ({
      index,
      before: this.store.replace(index, after),
      after,
    }));
    if (changes.length === 0) return [];
    const step = { what, changes };
    this.#done.push(step);
    this.#count(step, 1);
    this.#undone.length = 0;
    return changes.map(({ index }) => index);
  }

  undo(): number[] {
    return this.#move(this.#done, this.#undone, 'before');
  }

  redo(): number[] {
    return this.#move(this.#undone, this.#done, 'after');
  }

  #move(from: EditStep[], to: EditStep[], side: 'before' | 'after'): number[] {
    const step = from.pop();
    if (step === undefined) return [];
    to.push(step);
    this.#count(step, side === 'after' ? 1 : -1);
    // Backwards: a row that a step touches twice ends as it was before the first time.
    const changes = side === 'before' ? step.changes.toReversed() : step.changes;
    for (const change of changes) this.store.replace(change.index, change[side]);
    return changes.map(({ index }) => index);
  }

  #count({ changes }: EditStep, by: 1 | -1): void {
    for (const { index } of changes) {
      const times = (this.#timesEdited.get(index) ?? 0) + by;
      if (times === 0) this.#timesEdited.delete(index);
      else this.#timesEdited.set(index, times);
    }
  }
}
