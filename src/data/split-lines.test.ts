import { expect, test } from 'vitest';
import fc from '../testing/fast-check.ts';
import { splitLines } from './split-lines.ts';
import { collect } from './testing/data-files.ts';

async function* inBlocks(...blocks: string[]) {
  yield* blocks;
}

test('splitLines() gives the same lines however the text is cut into blocks', async () => {
  const text = fc.array(fc.constantFrom('a', 'bc', '\n', ''), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(text, async (blocks) => {
      const lines = (await collect(splitLines(inBlocks(...blocks)))).flat();
      const expected = blocks.join('').split('\n');
      if (expected.at(-1) === '') expected.pop();
      expect(lines.map((line) => line.text)).toEqual(expected);
      expect(lines.map((line) => line.line)).toEqual(expected.map((_, index) => index + 1));
    }),
  );
});

test('splitLines() gives up a line beyond the limit, tells so, and goes on with the next', async () => {
  const lines = (await collect(splitLines(inBlocks('ab', 'cd', 'ef\nok\n', 'abcd'), 4))).flat();
  expect(lines).toEqual([
    { line: 1, text: '', isTooLong: true },
    { line: 2, text: 'ok', isTooLong: false },
    { line: 3, text: 'abcd', isTooLong: false },
  ]);
});
