import { expect, test } from 'vitest';
import { EditableDataset } from '../editable-dataset.ts';
import { DEFAULT_LOAD_OPTIONS } from '../load-dataset.ts';
import { createRandom } from '../random.ts';
import { createReadContext } from '../read-context.ts';
import { loosenText, rowText } from '../row-text.ts';
import { sharedFile, sharedMissing } from '../testing/data-files.ts';
import { createFakeTokenizer } from '../testing/fake-tokenizer.ts';
import { checkUp } from './check-up.ts';
import { ALIKE, SimilarRows } from './find-similar.ts';

const random = createRandom(7, 1);
const word = () => `w${Math.floor(random() * 5000)}`;
const words = (n: number) => Array.from({ length: n }, word);

function findIn(texts: readonly string[]): Map<number, number> {
  const similar = new SimilarRows(texts.length, (index) => texts[index]!);
  return new Map(
    texts.flatMap((text, index) => {
      const found = similar.take(index, text);
      return found ? [[index, found.index] as const] : [];
    }),
  );
}

test('a row with a few words changed is like the one before, an unrelated one is like none', () => {
  const texts = Array.from({ length: 300 }, () => words(60));
  const copies = texts.map((text) => text.with(20, 'changed').with(45, 'changed'));
  const all = [...texts, ...copies].map((text) => text.join(' '));
  const found = findIn(all);
  // Two changed words leave 52 of 64 runs (0.81): below what counts as alike.
  expect(found.size).toBe(0);
  const closer = [...texts, ...texts.map((text) => text.with(30, 'changed'))].map((text) => text.join(' '));
  const pairs = findIn(closer);
  // 55 of 61 runs (0.90).
  expect(pairs.size).toBeGreaterThanOrEqual(295);
  for (const [copy, first] of pairs) expect(first).toBe(copy - 300);
});

test('short rows are never told to be alike, and writing without spaces is cut by its characters', () => {
  expect(findIn(['what comes after one', 'what comes after one']).size).toBe(0);
  const text = '学而时习之不亦说乎有朋自远方来不亦乐乎人不知而不愠不亦君子乎';
  expect(findIn([text, text.replace('乐', '悦'), text.split('').reverse().join('')]).size).toBe(0);
  const long = `${text}其为人也孝弟而好犯上者鲜矣不好犯上而好作乱者未之有也君子务本本立而道生`;
  expect([...findIn([long, long.replace('鲜', '少')])]).toEqual([[1, 0]]);
});

const FILES = ['sharegpt-identity.json', 'dolly-keys.jsonl', 'messages-parts.jsonl'];
const sharedTest = sharedMissing ? test.skip : test;
const reason = sharedMissing ? ` (SKIPPED: ${sharedMissing})` : '';

sharedTest(`on real data it finds what a comparison of all pairs finds${reason}`, async () => {
  const counts: Record<string, readonly number[]> = {};
  for (const name of FILES) {
    const dataset = new EditableDataset();
    await dataset.read([sharedFile(name)]);
    await dataset.build(createFakeTokenizer({ template: 'chatml' }), DEFAULT_LOAD_OPTIONS);
    const found = (await checkUp(dataset, new Set(), createReadContext(0))).find(({ kind }) => kind === 'similar');
    const all = compareAll(dataset);
    const missed = [...all].filter((index) => !found?.rows.includes(index));
    const extra = (found?.rows ?? []).filter((index) => !all.has(index));
    counts[name] = [all.size, missed.length, extra.length];
    expect(missed.length, `${name}: ${missed.length} of ${all.size} missed`).toBeLessThanOrEqual(0.05 * all.size);
    expect(extra, `${name}: told to be alike, and is not`).toEqual([]);
  }
  console.log('alike, missed, wrongly told:', JSON.stringify(counts));
  expect(
    Object.values(counts).some(([all]) => all! > 0),
    'there was something to find',
  ).toBe(true);
});

/** Rows that are like an earlier one that is like none before it, by counting every pair's runs. */
function compareAll(dataset: EditableDataset): Set<number> {
  const alike = new Set<number>();
  const kept: Set<string>[] = [];
  const seen = new Set<string>();
  for (let index = 0; index < dataset.store.length; index++) {
    const example = dataset.example(index);
    if (example === undefined) continue;
    const { prompt, answer } = rowText(example);
    const text = loosenText(`${prompt}\n${answer}`);
    if (seen.has(text)) continue;
    seen.add(text);
    const list = text.split(' ');
    const runs = new Set(list.slice(2).map((_, i) => list.slice(i, i + 3).join(' ')));
    if (list.length < 12) continue;
    const isLike = kept.some((other) => {
      const common = [...runs].filter((run) => other.has(run)).length;
      return common / (runs.size + other.size - common) >= ALIKE;
    });
    if (isLike) alike.add(index);
    else kept.push(runs);
  }
  return alike;
}
