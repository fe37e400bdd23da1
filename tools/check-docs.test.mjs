import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findMissing } from './check-docs.mjs';

const repository = {
  files: ['README.md', 'docs/architecture.md', 'src/gpu/graph.ts', 'src/lora/eva/eva-search.ts'],
  sources: "class Graph { inPlace() {} }\nconst RECEIPT = 'graft_receipt.json';\nfunction whenAsked() {}",
  scripts: { check: '' },
};
const missing = (text) => findMissing('docs/architecture.md', text, repository);

test('what is there passes', () => {
  const text = [
    '`gpu/graph.ts`, `graph.ts`, `eva/`, `gpu/*.ts`, `graft_receipt.json`, `dist/`, `Graph.inPlace`, `whenAsked`',
    '`npm run check`, `npm\nrun check -- --port`, [readme](../README.md), [below](#why-is-it-so), [out](https://example.com/a.ts)',
    '### Why is it so?',
    '```\n`no-such-file.ts`\n```',
  ];
  assert.deepEqual(missing(text.join('\n')), []);
});

for (const [what, text] of [
  ['a path', 'in `gpu/grph.ts`'],
  ['the end of a file name', 'in `raph.ts`'],
  ['a folder', 'in `evil/`'],
  ['a pattern', 'in `lora/*.ts`'],
  ['a method', 'by `Graph.inPlaces`'],
  ['a function', 'by `whenAskd`'],
  ['a script', '`npm run chek`'],
  ['a link', '[readme](README.md)'],
  ['a heading', '[below](#why)'],
])
  test(`${what} that is not there is found`, () => {
    assert.equal(missing(text).length, 1);
  });
