// Where each tensor of a checkpoint lies, whichever files it came in: one, or the shards that an index or their own names tell.
// safetensors are taken where there are any; what torch.save wrote otherwise.

import { baseName, findFile, isObject, type ModelFile, readJsonObject } from './model-file.ts';
import { readSafetensorsHeader, type TensorInfo } from './safetensors.ts';
import { isWeights, PYTORCH_NAMES, SAFETENSORS_NAMES, type WeightNames } from './weight-files.ts';

export interface TensorsHeader {
  readonly tensors: readonly TensorInfo[];
  readonly metadata: ReadonlyMap<string, string>;
}

interface CheckpointFormat extends WeightNames {
  readHeader(file: ModelFile): Promise<TensorsHeader>;
}

const FORMATS: readonly CheckpointFormat[] = [
  { ...SAFETENSORS_NAMES, readHeader: readSafetensorsHeader },
  { ...PYTORCH_NAMES, readHeader: readTensorsHeader },
];

/** What a file of tensors holds, by its ending: `.bin` as torch.save writes it, anything else as safetensors. */
export async function readTensorsHeader(file: ModelFile): Promise<TensorsHeader> {
  if (!file.name.endsWith('.bin')) return readSafetensorsHeader(file);
  const { readPytorchCheckpoint } = await import('./pytorch/read-checkpoint.ts');
  return readPytorchCheckpoint(file);
}

/** All tensors of a checkpoint. Throws an Error that names the file that is missing, or what is wrong in one. */
export async function readModelTensors(
  files: readonly ModelFile[],
): Promise<{ tensors: Map<string, TensorInfo>; metadata: Map<string, string> }> {
  const format = FORMATS.find((one) => files.some((file) => belongsTo(one, baseName(file.name))));
  if (!format)
    throw new RangeError(
      'Cannot open the model: found no "model.safetensors", need it or its numbered parts (or "pytorch_model.bin")',
    );
  const single = findFile(files, format.single);
  const index = findFile(files, format.index);
  if (single) return collect([await format.readHeader(single)]);
  if (index) return readIndexed(files, index, format);
  return collect(await Promise.all(unindexedShards(files, format).map(format.readHeader)));
}

function belongsTo(format: CheckpointFormat, name: string): boolean {
  return isWeights(format, name) || name === format.index;
}

async function readIndexed(files: readonly ModelFile[], index: ModelFile, format: CheckpointFormat) {
  const bad = (found: string, need: string) =>
    new SyntaxError(`Cannot open "${index.name}": found ${found}, need ${need}`);
  const { weight_map: map } = await readJsonObject(index);
  if (!isObject(map)) throw bad('no "weight_map"', 'file names by tensor name');
  const shards = new Map<unknown, ModelFile>();
  for (const name of new Set(Object.values(map))) {
    if (typeof name !== 'string') throw bad(`the file name ${JSON.stringify(name)}`, 'strings');
    const shard = findFile(files, name);
    if (!shard)
      throw new RangeError(`Cannot open the model: found no "${name}", need every file that "${index.name}" names`);
    shards.set(name, shard);
  }
  const all = collect(await Promise.all([...shards.values()].map(format.readHeader)));
  const tensors = new Map<string, TensorInfo>();
  for (const [name, shardName] of Object.entries(map)) {
    const info = all.tensors.get(name);
    if (info?.file !== shards.get(shardName)) {
      throw new RangeError(`Cannot open "${shardName}": found no tensor "${name}", need it there by "${index.name}"`);
    }
    tensors.set(name, info!);
  }
  return { tensors, metadata: all.metadata };
}

/** Shards without their index say by their own names how many they are. */
function unindexedShards(files: readonly ModelFile[], format: CheckpointFormat): ModelFile[] {
  const [, , of] = files.map((file) => format.part.exec(baseName(file.name))).find((match) => match)!;
  return Array.from({ length: Number(of) }, (_, i) => {
    const name = format.partName(String(i + 1).padStart(5, '0'), of!);
    const shard = findFile(files, name);
    if (!shard) throw new RangeError(`Cannot open the model: found no "${name}", need all ${Number(of)} parts`);
    return shard;
  });
}

function collect(headers: readonly TensorsHeader[]) {
  const tensors = new Map<string, TensorInfo>();
  const metadata = new Map<string, string>();
  for (const header of headers) {
    for (const [key, value] of header.metadata) metadata.set(key, value);
    for (const info of header.tensors) {
      const other = tensors.get(info.name);
      if (other)
        throw new SyntaxError(
          `Cannot open "${info.file.name}": found tensor "${info.name}", which "${other.file.name}" has too, need each name once`,
        );
      tensors.set(info.name, info);
    }
  }
  return { tensors, metadata };
}
