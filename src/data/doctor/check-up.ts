// Data doctor: looks at every row that is used or could be, and lists what is usually wrong with a dataset. It changes nothing;
// treat.ts does, when it is asked to.
import type { EditableDataset } from '../editable-dataset.ts';
import { hashText } from '../hash-text.ts';
import type { ReadContext } from '../read-context.ts';
import { loosenText, type RowText, rowText } from '../row-text.ts';
import { findPersonalData } from './find-personal-data.ts';
import { SimilarRows } from './find-similar.ts';
import { findOddCharacter } from './odd-characters.ts';

export type FindingKind =
  | 'repeats'
  | 'near-repeats'
  | 'similar'
  | 'empty-answers'
  | 'conflicts'
  | 'leaks'
  | 'personal-data'
  | 'odd-characters';

export interface Finding {
  readonly kind: FindingKind;
  /** Rows of the store, ascending. */
  readonly rows: readonly number[];
  /** What is said of some of them. */
  readonly examples: readonly { readonly index: number; readonly text: string }[];
}

/** Enough to see what is meant. */
const EXAMPLES = 5;
const EXAMPLE_CHARS = 120;

class Found {
  readonly rows: number[] = [];
  readonly examples: { index: number; text: string }[] = [];

  add(index: number, text: string): void {
    this.rows.push(index);
    const short = text.length > EXAMPLE_CHARS ? `${text.slice(0, EXAMPLE_CHARS)}…` : text;
    if (this.examples.length < EXAMPLES) this.examples.push({ index, text: short });
  }
}

/** @param heldBack rows of the store that are for validation. Throws the signal's reason when aborted. */
export async function checkUp(
  dataset: EditableDataset,
  heldBack: ReadonlySet<number>,
  context: Pick<ReadContext, 'breathe'>,
  onProgress?: (done: number, total: number) => void,
): Promise<Finding[]> {
  const { store } = dataset;
  const found = new Map<FindingKind, Found>();
  const add = (kind: FindingKind, index: number, text: string) => {
    if (!found.has(kind)) found.set(kind, new Found());
    found.get(kind)!.add(index, text);
  };
  const whole = new Set<number>();
  const loose = new Set<number>();
  const prompts = new Map<number, PromptUse>();
  const similar = new SimilarRows(store.length, (index) => looseText(rowText(dataset.example(index)!)));
  for (let index = 0; index < store.length; index++) {
    await context.breathe();
    if (index % 100 === 0) onProgress?.(index, store.length);
    if (store.isDeleted(index)) continue;
    const example = dataset.example(index);
    if (example === undefined) {
      if (/no answer|no assistant turn|no text/.test(dataset.skippedOf(index) ?? ''))
        add('empty-answers', index, dataset.skippedOf(index)!);
      continue;
    }
    const text = rowText(example);
    if (example.kind !== 'tokenized') checkCharacters(index, text, add);
    const hash = dataset.hashOf(index) ?? 0;
    if (whole.has(hash)) {
      add('repeats', index, inShort(text));
      continue; // told once
    }
    whole.add(hash);
    if (example.kind === 'tokenized') continue;
    const words = looseText(text);
    const near = hashText(words);
    if (loose.has(near)) add('near-repeats', index, inShort(text));
    else {
      const like = similar.take(index, words);
      if (like)
        add(
          'similar',
          index,
          `${Math.floor(like.shared * 100)} % as in line ${store.lineOf(like.index)}: ${inShort(text)}`,
        );
    }
    loose.add(near);
    if (text.prompt !== '') notePrompt(prompts, index, text, heldBack.has(index));
  }
  judgePrompts(prompts, heldBack, dataset, add);
  onProgress?.(store.length, store.length);
  return [...found].map(([kind, { rows, examples }]) => ({ kind, rows: rows.toSorted((a, b) => a - b), examples }));
}

/** A label alone would say nothing of its row. */
const inShort = ({ prompt, answer }: RowText) =>
  prompt === '' ? answer : `${prompt.slice(0, 60)} → ${answer.slice(0, 60)}`;

const looseText = ({ prompt, answer }: RowText) => loosenText(`${prompt}\n${answer}`);

type Add = (kind: FindingKind, index: number, text: string) => void;

function checkCharacters(index: number, { prompt, answer }: RowText, add: Add): void {
  const text = `${prompt}\n${answer}`;
  const [personal] = findPersonalData(text);
  if (personal !== undefined)
    add('personal-data', index, `${personal.kind}: ${text.slice(personal.start, personal.end)}`);
  const odd = findOddCharacter(text);
  if (odd !== undefined) add('odd-characters', index, odd);
}

/** Rows that share a prompt. */
interface PromptUse {
  readonly rows: number[];
  readonly answers: Set<number>;
  isTrained: boolean;
  isHeldBack: boolean;
}

function notePrompt(
  prompts: Map<number, PromptUse>,
  index: number,
  { prompt, answer }: RowText,
  isHeldBack: boolean,
): void {
  const key = hashText(loosenText(prompt));
  const use = prompts.get(key) ?? { rows: [], answers: new Set(), isTrained: false, isHeldBack: false };
  prompts.set(key, use);
  use.rows.push(index);
  use.answers.add(hashText(loosenText(answer)));
  if (isHeldBack) use.isHeldBack = true;
  else use.isTrained = true;
}

function judgePrompts(
  prompts: ReadonlyMap<number, PromptUse>,
  heldBack: ReadonlySet<number>,
  dataset: EditableDataset,
  add: Add,
): void {
  for (const { rows, answers, isTrained, isHeldBack: hasHeldBack } of prompts.values()) {
    if (rows.length < 2) continue;
    const lazily = (index: number, kind: FindingKind) => add(kind, index, inShort(rowText(dataset.example(index)!)));
    if (answers.size > 1) for (const index of rows) lazily(index, 'conflicts');
    if (isTrained && hasHeldBack)
      for (const index of rows.filter((index) => heldBack.has(index))) lazily(index, 'leaks');
  }
}
