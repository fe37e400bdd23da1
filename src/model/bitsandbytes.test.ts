import { expect, it } from 'vitest';
import { openModelFolder } from './model-folder.ts';
import { packScales } from './nf4.ts';
import { placeWeight, preparePieces } from './prepare-weights.ts';
import { readTensor } from './read-tensor.ts';
import { readSafetensorsHeader } from './safetensors.ts';
import { bitsandbytesFolder, type Disturb } from './testing/bitsandbytes-folder.ts';
import { describeWithShared, sharedFile } from './testing/shared.ts';

const NAME = 'model.layers.1.mlp.down_proj.weight';

describeWithShared('a checkpoint of bitsandbytes', 'goldens/llama_quant/nf4_dq', () => {
  it.each(['nf4', 'nf4_dq'] as const)('opens as %s, every number as it was stored', async (scheme) => {
    const { tensors, warnings } = await openModelFolder(await bitsandbytesFolder(scheme), 'bnb');
    expect(warnings).toEqual([]);
    const info = tensors.get(NAME)!;
    expect(info).toMatchObject({ dtype: 'NF4', shape: [64, 128] });
    const { tensors: stored } = await readSafetensorsHeader(
      sharedFile(`goldens/llama_quant/${scheme}/quant.safetensors`),
    );
    const absmax = await readTensor(stored.find(({ name }) => name === NAME.replace('weight', 'absmax'))!);
    for (const [i, scale] of (await info.nf4!.scales(0, 64)).entries())
      expect(Math.abs(scale - absmax[i]!)).toBeLessThan(2 ** -23);
    const codes = await info.file.read(info.begin, info.end - info.begin);
    const storage = scheme === 'nf4' ? 'nf4' : 'nf4-dq';
    const place = placeWeight(
      { name: NAME, shape: [64, 128], kind: 'linear' },
      { linears: storage, embeddings: 'f32' },
    );
    const pieces = [];
    for await (const piece of preparePieces(tensors, place)) pieces.push(piece);
    expect(pieces.map(({ buffer }) => buffer)).toEqual([NAME, `${NAME}.scale`]);
    expect(pieces[0]!.bytes).toEqual(codes);
    if (scheme === 'nf4_dq')
      expect(pieces[1]!.bytes).toEqual(new Uint8Array(packScales(await info.nf4!.double!()).buffer));
  });

  const open = async (disturb: Disturb) => openModelFolder(await bitsandbytesFolder('nf4_dq', disturb), 'bnb');
  const only =
    (suffix: string, change: Disturb): Disturb =>
    (t) =>
      t.name === `${NAME}${suffix}` ? change(t) : t;
  const state = (change: object): Disturb =>
    only('.quant_state.bitsandbytes__nf4', (t) => {
      const bytes = new TextEncoder().encode(
        JSON.stringify({ ...JSON.parse(new TextDecoder().decode(t.bytes)), ...change }),
      );
      return { ...t, bytes, shape: [bytes.length] };
    });

  it.each([
    ['blocks of another size', state({ blocksize: 128 }), /found blocks of 128, need blocks of 64/],
    ['a shape that its codes do not fill', state({ shape: [64, 64] }), /found U8 \[4096, 1\], need U8 \[2048\]/],
    ['a shape that is no matrix', state({ shape: [64, 1e300] }), /found the shape \[64,1e\+300\]/],
    ['fp4', state({ quant_type: 'fp4' }), /found the quant_type "fp4", need "nf4"/],
    [
      'a state that is no JSON',
      only('.quant_state.bitsandbytes__nf4', (t) => ({ ...t, bytes: t.bytes.fill(1) })),
      /found a quant_state that is no JSON object/,
    ],
    ['no scales', only('.absmax', () => undefined), /weight\.absmax": found none, need U8 \[128\]/],
    [
      'scales of scales that are missing',
      only('.nested_absmax', () => undefined),
      /absmax": found U8 \[128\], need F32 \[128\]/,
    ],
    ['another table', only('.quant_map', (t) => ({ ...t, bytes: t.bytes.fill(0) })), /found another table of codes/],
    ['no offset', state({ nested_offset: null }), /with offset null/],
  ] as const)('with %s is refused by the name of the tensor', async (_, disturb, message) => {
    await expect(open(disturb)).rejects.toThrow(message);
    await expect(open(disturb)).rejects.toThrow(NAME);
  });
});
