import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findProblems } from './check-imports.mjs';

const problems = (file, text) => findProblems([[file, text]]);

test('imports that follow the map pass', () => {
  assert.deepEqual(
    problems('model/layers.ts', "import { Graph, type Value } from '../gpu/graph.ts';\nimport './half.ts';"),
    [],
  );
  assert.deepEqual(
    problems('ui/engine.ts', "import { startEngine } from '../engine/client.ts';\nimport { useState } from 'react';"),
    [],
  );
  assert.deepEqual(problems('storage/keep.ts', "import type { Adapter } from '../lora/adapter.ts';"), []);
  assert.deepEqual(
    problems('gpu/shader.ts', "const files = import.meta.glob('./shaders/*.wgsl', { query: '?raw' });"),
    [],
  );
});

test('every way of naming a file of a forbidden room is found', () => {
  const ways = [
    "import { x } from '../data/rows.ts';",
    'import { x } from "../data/rows.ts";',
    "import x, { type Y } from '../data/rows.ts';",
    "import x, {\n  y,\n  z,\n} from '../data/rows.ts';",
    "import * as x from '../data/rows.ts';",
    "import type { X } from '../data/rows.ts';",
    "import '../data/rows.ts';",
    "const a = 1; import { x } from '../data/rows.ts';",
    "export * from '../data/rows.ts';",
    "export type { X } from '../data/rows.ts';",
    "const x = await import('../data/rows.ts');",
    'const x = await import(`../data/rows.ts`);',
    "type X = import('../data/rows.ts').X;",
    "const url = new URL('../data/rows.ts', import.meta.url);",
    "const files = import.meta.glob('../data/*.ts');",
    "import text from '../data/rows.ts?raw';",
  ];
  for (const way of ways) {
    const found = problems('gpu/device.ts', way);
    assert.equal(found.length, 1, way);
    assert.match(found[0], /^src\/gpu\/device\.ts imports src\/data\/.*: gpu may import nothing$/);
  }
});

test('the page sees the engine through its doors alone', () => {
  const found = problems('ui/engine.ts', "import type { Run } from '../engine/open-base.ts';");
  assert.deepEqual(found, [
    'src/ui/engine.ts imports src/engine/open-base.ts: ui may import only engine/protocol.ts, engine/client.ts, engine/read-recipe.ts',
  ]);
});

test('storage may have types of the rooms above it, not values', () => {
  assert.equal(problems('storage/keep.ts', "import { type A, b } from '../lora/adapter.ts';").length, 1);
  assert.equal(problems('storage/keep.ts', "import { type A, type B } from '../lora/adapter.ts';").length, 0);
  assert.equal(problems('storage/keep.ts', "let x: import('../lora/adapter.ts').Adapter;").length, 0);
});

test('a package of the page stays in the page', () => {
  assert.deepEqual(problems('engine/worker.ts', "import { createStore } from 'zustand/vanilla';"), [
    'src/engine/worker.ts imports zustand/vanilla: only ui may',
  ]);
});

test('comments and texts are no imports', () => {
  assert.deepEqual(
    problems('gpu/device.ts', "// import { x } from '../data/rows.ts'\nconst s = 'see ../data/rows.ts';"),
    [],
  );
});
