// pytorch_model.bin: a zip of one pickle (names, shapes, types) and one entry for each storage of numbers. Only the pickle is
// read here; a tensor is a range of the file, as in safetensors. Tied weights may share a storage.

import type { ModelFile } from '../model-file.ts';
import { type Dtype, type TensorInfo, tensorBytes } from '../safetensors.ts';
import { globalName, readPickle } from './read-pickle.ts';
import { readZipDirectory, type ZipEntry } from './zip-directory.ts';

/** A thousand tensors take about 200 kB. */
const MAX_PICKLE_BYTES = 64_000_000;

const STORAGES: Readonly<Record<string, Dtype>> = {
  'torch.DoubleStorage': 'F64',
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
};

/** `torch._utils._rebuild_tensor_v2(storage, offset, shape, stride, …)`; offset and stride in elements. */
class PickledTensor {
  readonly storage: unknown;
  readonly offset: unknown;
  readonly shape: unknown;
  readonly stride: unknown;

  constructor([storage, offset, shape, stride]: readonly unknown[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.stride = stride;
  }
}

/**
 * The tensors of a file that `torch.save` wrote of a state_dict. Throws a SyntaxError that names the file, and the class or the
 * tensor that is something else: no code of the file is run.
 */
export async function readPytorchCheckpoint(
  file: ModelFile,
): Promise<{ tensors: TensorInfo[]; metadata: ReadonlyMap<string, string> }> {
  const bad = (found: string, need: string) =>
    new SyntaxError(`Cannot open "${file.name}": found ${found}, need ${need}`);
  if (file.size < 4 || String.fromCharCode(...(await file.read(0, 2))) !== 'PK')
    throw bad('no zip', 'what torch 1.6 or newer saves (in Python: save_pretrained(folder, safe_serialization=True))');
  const entries = new Map((await readZipDirectory(file)).map((entry) => [withoutFolder(entry.name), entry]));
  const pickle = entries.get('data.pkl');
  if (!pickle) throw bad('no data.pkl in it', 'what torch.save writes');
  if (pickle.end - pickle.begin > MAX_PICKLE_BYTES)
    throw bad(`a data.pkl of ${pickle.end - pickle.begin} bytes`, `at most ${MAX_PICKLE_BYTES}`);
  const order = entries.get('byteorder');
  if (order && order.end - order.begin === 3) throw bad('big-endian numbers', 'little-endian ones');
  let state: unknown;
  try {
    state = readPickle(await file.read(pickle.begin, pickle.end - pickle.begin), reduce);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw bad(`${error.message} in its pickle`, 'a dictionary of tensors');
  }
  if (!(state instanceof Map)) throw bad('something else than a dictionary', 'a dictionary of tensors');
  const tensors = [...state].map(([name, value]) => {
    if (typeof name !== 'string') throw bad('a tensor whose name is no text', 'a dictionary of tensors');
    const tensor = value instanceof PickledTensor ? place(name, value, file, entries) : 'something else than a tensor';
    if (typeof tensor === 'string') throw bad(`"${name}" as ${tensor}`, 'whole tensors of numbers');
    return tensor;
  });
  if (tensors.length === 0) throw bad('no tensor', 'a dictionary of tensors');
  return { tensors, metadata: new Map() };
}

function reduce(global: string, args: readonly unknown[]): unknown {
  switch (global) {
    case 'collections.OrderedDict':
      return new Map();
    case 'torch._utils._rebuild_tensor_v2':
      return new PickledTensor(args);
    case 'torch._utils._rebuild_parameter':
      return args[0] instanceof PickledTensor ? args[0] : undefined;
    default:
      return undefined;
  }
}

/** Where a tensor lies; what is wrong with it, as part of a sentence. */
function place(
  name: string,
  { storage, offset, shape, stride }: PickledTensor,
  file: ModelFile,
  entries: ReadonlyMap<string, ZipEntry>,
): TensorInfo | string {
  const reference = typeof storage === 'object' && storage !== null && 'persistent' in storage && storage.persistent;
  if (!Array.isArray(reference) || reference[0] !== 'storage') return 'a tensor without numbers';
  const [, type, key] = reference;
  const dtype = STORAGES[globalName(type) ?? ''];
  if (!dtype) return `a tensor of ${globalName(type) ?? 'nothing known'}`;
  const entry = entries.get(`data/${String(key)}`);
  if (!entry) return `a tensor whose numbers, data/${String(key)}, are missing`;
  if (!isSizes(shape) || !isSizes(stride) || shape.length !== stride.length || !isSizes([offset]))
    return 'a tensor without a shape';
  if (!isRowMajor(shape, stride)) return `a tensor [${shape.join(', ')}] with strides [${stride.join(', ')}]`;
  const bytes = tensorBytes(dtype, shape);
  const begin = tensorBytes(dtype, [offset as number]);
  if (bytes === undefined || begin === undefined || begin + bytes > entry.end - entry.begin)
    return `${dtype} [${shape.join(', ')}] over more than the ${entry.end - entry.begin} bytes of its storage`;
  return { name, dtype, shape, file, begin: entry.begin + begin, end: entry.begin + begin + bytes };
}

/** A dimension of one element may have any stride. */
function isRowMajor(shape: readonly number[], stride: readonly number[]): boolean {
  let need = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && stride[i] !== need) return false;
    need *= shape[i]!;
  }
  return true;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/** torch names the entries "archive/data.pkl", "pytorch_model/data/0". */
function withoutFolder(name: string): string {
  return name.slice(name.indexOf('/') + 1);
}
