// What a checkpoint's files are called: in one piece, in numbered parts, and the index of those. Names alone; who reads them is
// model-tensors.ts.

export interface WeightNames {
  /** In one piece. */
  readonly single: string;
  /** Says which part is where. */
  readonly index: string;
  /** Matches the name of a part: its number, and how many there are. */
  readonly part: RegExp;
  partName(number: string, of: string): string;
}

export const SAFETENSORS_NAMES: WeightNames = {
  single: 'model.safetensors',
  index: 'model.safetensors.index.json',
  part: /^model-(\d{5})-of-(\d{5})\.safetensors$/,
  partName: (number, of) => `model-${number}-of-${of}.safetensors`,
};

/** As torch.save has written it. */
export const PYTORCH_NAMES: WeightNames = {
  single: 'pytorch_model.bin',
  index: 'pytorch_model.bin.index.json',
  part: /^pytorch_model-(\d{5})-of-(\d{5})\.bin$/,
  partName: (number, of) => `pytorch_model-${number}-of-${of}.bin`,
};

/** The first that is there is taken. */
export const WEIGHT_NAMES: readonly WeightNames[] = [SAFETENSORS_NAMES, PYTORCH_NAMES];

/** True for the whole or a part; not for the index. */
export function isWeights({ single, part }: WeightNames, name: string): boolean {
  return name === single || part.test(name);
}
