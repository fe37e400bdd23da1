import { describe, expect, it } from 'vitest';
import { loadShader, packParams, shaderKey } from './shader.ts';

describe('loadShader()', () => {
  it('numbers bindings in the order of appearance and says their names', () => {
    const { bindings, code } = loadShader({ file: 'add' });
    expect(bindings).toEqual([
      { name: 'params', access: 'uniform' },
      { name: 'sum', access: 'read_write' },
      { name: 'term', access: 'read_write' },
    ]);
    expect(code).toContain('@group(0) @binding(2) var<storage, read_write> term');
  });

  it('leads a line of the compiled text back to its file', () => {
    const { code, locate } = loadShader({ file: 'add' });
    const line = code.split('\n').findIndex((l) => l.includes('fn flat_index')) + 1;
    expect(locate(line)).toMatch(/^flat-index\.wgsl:\d+$/);
  });

  it('names a file that is not there', () => {
    expect(() => loadShader({ file: 'nothing' })).toThrow(/Cannot load shader "nothing"/);
  });
});

describe('packParams()', () => {
  const source = {
    params: [
      { name: 'n', type: 'u32' },
      { name: 'eps', type: 'f32' },
    ],
  } as const;
  it('packs by the order of the struct', () => {
    const view = new DataView(packParams(source, { eps: 0.5, n: 7 }, 'test'));
    expect([view.getUint32(0, true), view.getFloat32(4, true), view.byteLength]).toEqual([7, 0.5, 16]);
  });
  it('refuses a missing and an unknown field', () => {
    expect(() => packParams(source, { n: 1 }, 'test')).toThrow(/no value for eps/);
    expect(() => packParams(source, { n: 1, eps: 1, m: 2 }, 'test')).toThrow(/found m/);
  });
});

describe('shaderKey()', () => {
  it('tells variants apart', () => {
    const refs = [
      { file: 'a' },
      { file: 'a', parts: { w: 'b' } },
      { file: 'a', constants: { N: 1 } },
      { file: 'a', overrides: { N: 1 } },
    ];
    expect(new Set(refs.map(shaderKey)).size).toBe(refs.length);
  });
});
