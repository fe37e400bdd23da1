// Opens an exported adapter through the readers that any adapter comes in by, and says check by check whether it is whole,
// does something, and is what its receipt says it was when it was written.

import type { Adapter } from '../../lora/adapter.ts';
import { methodName } from '../../lora/adapter-config.ts';
import { countTrainable } from '../../lora/adapter-tensors.ts';
import { adaptedSites } from '../../lora/describe-adapter.ts';
import { findWeights } from '../../lora/files/peft.ts';
import { readAdapter } from '../../lora/files/read-adapter.ts';
import { readAdapterAlone } from '../../lora/files/read-alone.ts';
import { FlatAdapter } from '../../lora/flat-adapter.ts';
import type { BaseModel } from '../../model/base-model.ts';
import { readGgufHeader } from '../../model/gguf/read-header.ts';
import { fileFromBytes, findFile, type ModelFile } from '../../model/model-file.ts';
import { readTensorsHeader } from '../../model/model-tensors.ts';
import type { TensorInfo } from '../../model/safetensors.ts';
import { measureProbe, type Probe, probeDifference } from './probe.ts';
import { findReceipt, GGUF_DATA, ggufData, RECEIPT_NAME, type Receipt, sha256 } from './receipt.ts';

export type CheckName =
  | 'receipt'
  | 'files'
  | 'names and shapes'
  | 'numbers'
  | 'effect'
  | 'strength'
  | 'base'
  | 'answers';

export interface Check {
  readonly name: CheckName;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** One sentence: what was found, or why it was not looked at. */
  readonly found: string;
}

export interface Verification {
  /** True: nothing failed. What was skipped was not looked at. */
  readonly passed: boolean;
  readonly checks: readonly Check[];
}

/**
 * Logits may differ by this share of the largest one: f32 sums in another order on another device. On the device that
 * wrote the receipt the difference is 0.
 */
const LOGIT_TOLERANCE = 1e-3;

class Skipped extends Error {}

/** Never throws: whatever is wrong with the files is a failed check. `model`: the open base, for the last two checks. */
export async function verifyAdapter(files: readonly ModelFile[], model?: BaseModel): Promise<Verification> {
  const checks: Check[] = [];
  const check = async <T>(name: CheckName, look: () => Promise<readonly [string, T]>): Promise<T | undefined> => {
    try {
      const [found, value] = await look();
      checks.push({ name, status: 'passed', found });
      return value;
    } catch (error) {
      const status = error instanceof Skipped ? 'skipped' : 'failed';
      checks.push({ name, status, found: (error as Error).message });
      return undefined;
    }
  };
  const receipt = await check('receipt', () => showReceipt(files));
  await check('files', () => checkFiles(files, need(receipt, 'no receipt to compare with')));
  await check('names and shapes', () => checkNames(files, receipt));
  const adapter = await check('numbers', () => checkNumbers(files, model));
  await check('effect', () => checkEffect(need(adapter, 'the adapter could not be read')));
  await check('strength', () => checkStrength(need(adapter, 'the adapter could not be read'), receipt));
  await check('base', () =>
    checkBase(need(model, 'no base to compare with'), need(receipt, 'no receipt to compare with')),
  );
  await check('answers', () =>
    checkAnswers(need(model, 'no base to compare with'), need(adapter, 'the adapter could not be read'), receipt),
  );
  return { passed: checks.every(({ status }) => status !== 'failed'), checks };
}

function need<T>(value: T | undefined, otherwise: string): T {
  if (value === undefined) throw new Skipped(otherwise);
  return value;
}

async function showReceipt(files: readonly ModelFile[]): Promise<readonly [string, Receipt]> {
  const receipt = await findReceipt(files);
  if (receipt === undefined) throw new Skipped(`no ${RECEIPT_NAME}: not written by Graft, or left behind`);
  const { software, created, made } = receipt;
  return [[software, created?.slice(0, 10), made].filter((fact) => fact !== undefined).join(', '), receipt];
}

async function checkFiles(files: readonly ModelFile[], receipt: Receipt): Promise<readonly [string, undefined]> {
  const problems: string[] = [];
  for (const [name, recorded] of Object.entries(receipt.files)) {
    const file = name === GGUF_DATA ? await dataOf(files) : findFile(files, name);
    if (file === undefined) problems.push(`"${name}" is missing`);
    else if (file.size !== recorded.bytes) problems.push(`"${name}" has ${file.size} bytes, not ${recorded.bytes}`);
    else if ((await sha256(await file.read(0, file.size))) !== recorded.sha256) problems.push(`"${name}" has changed`);
  }
  const count = Object.keys(receipt.files).length;
  return [list(problems) ?? (count === 1 ? 'as it was written' : `${count} files as they were written`), undefined];
}

/** All of a .gguf file behind its header, as a file of its own. */
async function dataOf(files: readonly ModelFile[]): Promise<ModelFile | undefined> {
  const gguf = files.find(({ name }) => /\.gguf$/i.test(name));
  if (gguf === undefined) return undefined;
  const { name, bytes } = await ggufData(gguf, (await readGgufHeader(gguf)).tensors);
  return fileFromBytes(name, bytes);
}

/** Of PEFT, of mlx-lm, of llama.cpp. */
async function tensorsOf(files: readonly ModelFile[]): Promise<readonly TensorInfo[]> {
  const file =
    findWeights(files) ?? findFile(files, 'adapters.safetensors') ?? files.find(({ name }) => /\.gguf$/i.test(name));
  if (file === undefined) throw new Error('"adapter_model.safetensors" is missing');
  const header = /\.gguf$/i.test(file.name) ? await readGgufHeader(file) : await readTensorsHeader(file);
  return header.tensors;
}

async function checkNames(files: readonly ModelFile[], receipt?: Receipt): Promise<readonly [string, undefined]> {
  const tensors = await tensorsOf(files);
  const found = new Map(tensors.map(({ name, shape }) => [name, shape.join('×')]));
  if (receipt === undefined) return [`${found.size} tensors, nothing to compare them with`, undefined];
  const recorded = new Map(Object.entries(receipt.tensors).map(([name, shape]) => [name, shape.join('×')]));
  const problems = [
    ...[...recorded].flatMap(([name, shape]) => {
      const now = found.get(name);
      if (now === undefined) return [`"${name}" is missing`];
      return now === shape ? [] : [`"${name}" is ${now}, not ${shape}`];
    }),
    ...[...found.keys()].filter((name) => !recorded.has(name)).map((name) => `"${name}" was not there`),
  ];
  return [list(problems) ?? `${found.size} tensors under their names and in their shapes`, undefined];
}

/** The readers refuse what does not fit the config, the base, or is not finite. */
async function checkNumbers(files: readonly ModelFile[], model?: BaseModel): Promise<readonly [string, Adapter]> {
  const { adapter } = model === undefined ? await readAdapterAlone(files) : await readAdapter(files, model.config);
  const numbers = countTrainable(adapter).toLocaleString('en-US');
  return [`${numbers} numbers on ${adaptedSites(adapter).length} modules, all finite`, adapter];
}

/** How a module that changes nothing is told. */
const IDLE = {
  LORA: ['B is 0', 'no B is 0'],
  IA3: ['every factor is 1', 'no module has factors of 1 alone'],
  BOTTLENECK: ['the layer up is 0', 'no layer up is 0'],
  PROMPT_TUNING: ['no virtual token', 'a prompt stands before every text'],
} as const satisfies Record<Adapter['config']['peft_type'], readonly [all: string, none: string]>;

async function checkEffect(adapter: Adapter): Promise<readonly [string, undefined]> {
  const sites = adaptedSites(adapter);
  const idle = sites.filter(({ isIdle }) => isIdle);
  const isPlain = adapter.saved === undefined && adapter.tokens === undefined;
  const [what, none] = IDLE[adapter.config.peft_type];
  if (idle.length === sites.length && isPlain) throw new Error(`${what} everywhere: the adapter changes nothing`);
  return [idle.length === 0 ? none : `${what} on ${idle.length} of ${sites.length} modules`, undefined];
}

async function checkStrength(adapter: Adapter, receipt?: Receipt): Promise<readonly [string, undefined]> {
  const scalings = [...adapter.modules].map(([path, { scaling }]) => [path, scaling] as const);
  const range = [...new Set(scalings.map(([, scaling]) => Number(scaling.toPrecision(6))))].slice(0, 4).join(', ');
  const none = scalings.filter(([, scaling]) => scaling === 0).map(([path]) => `"${path}" has strength 0`);
  const problems = scalings.flatMap(([path, scaling]) => {
    const recorded = receipt?.scaling[path];
    return recorded === undefined || recorded === scaling ? [] : [`"${path}" is scaled by ${scaling}, not ${recorded}`];
  });
  if (adapter.config.peft_type !== 'LORA')
    throw new Skipped(`${methodName(adapter.config)} has no strength of its own`);
  return [list([...none, ...problems]) ?? `factors scaled by ${range}`, undefined];
}

async function checkBase(model: BaseModel, { base }: Receipt): Promise<readonly [string, undefined]> {
  const { hash, name } = need(base, 'the receipt names no base');
  if (model.weights.hash === hash) return [`"${name}", weight for weight`, undefined];
  throw new Error(
    `"${model.folder.name}" (${hashOf(model.weights.hash)}) is open, not "${name}" (${hashOf(hash)}, ${base!.quant.linears}): another base, or kept otherwise`,
  );
}

async function checkAnswers(
  model: BaseModel,
  adapter: Adapter,
  receipt?: Receipt,
): Promise<readonly [string, undefined]> {
  if (receipt?.base !== undefined && receipt.base.hash !== model.weights.hash)
    throw new Skipped('another base is open');
  const flat = await FlatAdapter.load(model.device, adapter);
  try {
    const { probe } = receipt ?? {};
    if (probe === undefined) {
      const { effect } = await measureProbe(model, flat);
      if (!Number.isFinite(effect)) throw new Error(`its logits differ from the base's by ${effect}`);
      return [`logits move by up to ${effect.toPrecision(3)}; none are recorded to compare with`, undefined];
    }
    return [compareProbe(probe, await probeDifference(model, flat, probe)), undefined];
  } finally {
    flat.destroy();
  }
}

function compareProbe(probe: Probe, difference: number): string {
  const tolerance = LOGIT_TOLERANCE * Math.max(1, ...probe.logits.flat().map(Math.abs));
  const shown = `logits of ${probe.ids.length} tokens differ by ${difference.toPrecision(3)} from those of the run`;
  if (!(difference <= tolerance)) throw new Error(`${shown}, more than ${tolerance.toPrecision(3)}`);
  return difference === 0
    ? `logits of ${probe.ids.length} tokens are those of the run, bit for bit`
    : `${shown}, on "${probe.device}"; ${tolerance.toPrecision(3)} is allowed between devices`;
}

/** Throws when there are any; names the first few. */
function list(problems: readonly string[]): undefined {
  const more = problems.length > 3 ? `; and ${problems.length - 3} more` : '';
  if (problems.length > 0) throw new Error(`${problems.slice(0, 3).join('; ')}${more}`);
}

function hashOf(hash: string): string {
  return hash.slice(0, 12);
}
