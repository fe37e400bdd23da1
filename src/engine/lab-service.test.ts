import { expect, it } from 'vitest';
import { memoryEngine, openSquares, openTiny, SETTINGS } from './testing/memory-host.ts';

it('who may be merged is told by records alone, and how by the files of the two that are chosen', async () => {
  const { engine, adapters, reads } = memoryEngine();
  await openTiny(engine);
  await openSquares(engine);
  const kept = async (name: string, change = {}) =>
    (await engine.run.train(name, name, { ...SETTINGS, epochs: 1, ...change }, () => {})).adapterId;
  const [one, other, higher] = [await kept('one'), await kept('other'), await kept('higher', { rank: 4 })];
  const scales = await kept('scales', { method: 'ia3' });
  const { record, files } = adapters.get(other)!;
  const foreign = { ...record, id: 'foreign', name: 'foreign', baseName: 'graft', baseHash: 'of another' };
  adapters.set('foreign', { record: foreign, files });
  const { method: _, baseQuant: __, ...old } = { ...record, id: 'old', name: 'old' };
  adapters.set('old', { record: old, files });

  const before = reads.length;
  const partners = new Map((await engine.lab.mergePartners(one)).map(({ id, obstacle }) => [id, obstacle]));
  expect(partners).toEqual(
    new Map([
      [other, undefined],
      [higher, undefined],
      [scales, 'found LoRA in "one" and IA³ in "scales", need one method'],
      ['foreign', 'found "one" over tiny and "foreign" over graft, need one base'],
      ['old', undefined],
    ]),
  );
  expect(reads).toHaveLength(before);

  const linear = expect.arrayContaining(['linear', 'cat']);
  expect(await engine.lab.mergeWays(one, other)).toEqual({ methods: linear, obstacle: undefined });
  expect((await engine.lab.mergeWays(one, higher)).methods).not.toContain('linear');
  expect(await engine.lab.mergeWays(one, scales)).toEqual({ methods: [], obstacle: partners.get(scales) });
  expect(new Set(reads.slice(before))).toEqual(new Set([one, other, higher, scales]));
  const merge = (id: string) =>
    engine.lab.merge({ name: 'x', inputs: [one, id].map((id) => ({ id, weight: 1 })), method: 'cat' });
  await expect(merge('foreign')).rejects.toThrow(partners.get('foreign'));
  expect((await merge(higher)).rank).toBe(6);
});
