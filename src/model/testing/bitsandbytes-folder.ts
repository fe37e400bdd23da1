// A folder as bitsandbytes saves it, made from a reference's codes and the plain tensors of its model.

import { NF4 as NF4_TABLE } from '../../gpu/nf4.ts';
import { fileFromBytes, type ModelFile, readJsonObject } from '../model-file.ts';
import { readModelTensors } from '../model-tensors.ts';
import { readSafetensorsHeader, type TensorBytes, type TensorInfo, writeSafetensors } from '../safetensors.ts';
import { sharedFile } from './shared.ts';

/** Changes a tensor on its way into the folder; undefined leaves it out. */
export type Disturb = (tensor: TensorBytes) => TensorBytes | undefined;

const SUFFIXES: Readonly<Record<string, string>> = {
  absmax: 'absmax',
  absmax_q: 'absmax',
  nested_absmax: 'nested_absmax',
  nested_quant_map: 'nested_quant_map',
};

export async function bitsandbytesFolder(scheme: 'nf4' | 'nf4_dq', disturb: Disturb = (t) => t): Promise<ModelFile[]> {
  const { tensors: plain } = await readModelTensors([sharedFile('goldens/llama_untied/model/model.safetensors')]);
  const { tensors } = await readSafetensorsHeader(sharedFile(`goldens/llama_quant/${scheme}/quant.safetensors`));
  const stored = new Map(tensors.map((t) => [t.name, t]));
  const isDouble = scheme === 'nf4_dq';
  const out: TensorBytes[] = [];
  for (const info of plain.values()) if (!stored.has(info.name)) out.push(await copied(info));
  for (const info of tensors) {
    const [, at, what] = /^(.*)\.(\w+)$/.exec(info.name)!;
    const weight = `${at}.weight`;
    if (what === 'weight') {
      out.push(await copied(info));
      const offset = isDouble ? await copied(stored.get(`${at}.nested_offset`)!) : undefined;
      const state = {
        quant_type: 'nf4',
        blocksize: 64,
        dtype: 'float32',
        shape: plain.get(weight)!.shape,
        ...(offset && {
          nested_blocksize: 256,
          nested_dtype: 'float32',
          nested_offset: new DataView(offset.bytes.slice().buffer).getFloat32(0, true),
        }),
      };
      const json = new TextEncoder().encode(JSON.stringify(state));
      out.push({ name: `${weight}.quant_state.bitsandbytes__nf4`, dtype: 'U8', shape: [json.length], bytes: json });
      const map = new Uint8Array(NF4_TABLE.slice().buffer);
      out.push({ name: `${weight}.quant_map`, dtype: 'F32', shape: [16], bytes: map });
    } else if (SUFFIXES[what!] && !(isDouble && what === 'absmax'))
      out.push({ ...(await copied(info)), name: `${weight}.${SUFFIXES[what!]}` });
  }
  const config = {
    ...(await readJsonObject(sharedFile('goldens/llama_untied/model/config.json'))),
    quantization_config: { quant_method: 'bitsandbytes', load_in_4bit: true, bnb_4bit_quant_type: 'nf4' },
  };
  return [
    fileFromBytes('config.json', new TextEncoder().encode(JSON.stringify(config))),
    fileFromBytes('model.safetensors', writeSafetensors(out.flatMap((t) => disturb(t) ?? []))),
  ];
}

async function copied(info: TensorInfo): Promise<TensorBytes> {
  const { name, dtype, shape, file, begin, end } = info;
  return { name, dtype: dtype as TensorBytes['dtype'], shape, bytes: await file.read(begin, end - begin) };
}
