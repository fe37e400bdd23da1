// An adapter's record in the library, made anew from the adapter's own files (whole-records.ts).

import { methodName, parseAdapterConfig } from '../lora/adapter-config.ts';
import type { Json } from '../lora/config-fields.ts';
import { fileFromBytes, parseJsonObject } from '../model/model-file.ts';
import type { AdapterRecord } from './protocol.ts';
import { RECEIPT_NAME, type Receipt, readReceipt } from './receipt/receipt.ts';

/** The record of an adapter, from what its files say; of the damaged one only id, name and deletion count. */
export async function recoverRecord(
  { id, name, deleted }: Pick<AdapterRecord, 'id'> & { readonly name?: unknown; readonly deleted?: unknown },
  files: ReadonlyMap<string, Uint8Array>,
): Promise<AdapterRecord> {
  const receipt = await receiptOf(files);
  const config = configOf(files);
  const { target_modules: targets, r, lora_alpha: alpha, base_model_name_or_path: base } = config;
  const number = (value: unknown) => (typeof value === 'number' ? value : 0);
  const losses = receipt?.run?.curve.losses;
  return {
    id,
    name: typeof name === 'string' && name !== '' ? name : 'Recovered adapter',
    created: receipt?.created ?? new Date(0).toISOString(),
    baseId: String(base ?? ''),
    baseName: receipt?.base?.name ?? String(base ?? 'unknown'),
    baseHash: receipt?.base?.hash ?? '',
    baseQuant: receipt?.base?.quant.linears,
    method: methodOf(config),
    rank: number(r),
    alpha: number(alpha),
    targets: Array.isArray(targets) ? targets.map(String) : [],
    datasetName: receipt?.data?.name ?? 'unknown',
    steps: receipt?.run?.steps ?? 0,
    finalLoss: losses?.at(-1) ?? Number.NaN,
    validationLoss: receipt?.run?.curve.evals.at(-1)?.loss,
    bytes: [...files.values()].reduce((sum, { byteLength }) => sum + byteLength, 0),
    recipe: receipt?.run?.recipe,
    ...(typeof deleted === 'string' && { deleted }),
  };
}

async function receiptOf(files: ReadonlyMap<string, Uint8Array>): Promise<Receipt | undefined> {
  const bytes = files.get(RECEIPT_NAME);
  return bytes && readReceipt(fileFromBytes(RECEIPT_NAME, bytes)).catch(() => undefined);
}

/** Undefined counts as LoRA. */
function methodOf(config: Json): string | undefined {
  try {
    return methodName(parseAdapterConfig(config).config);
  } catch {
    return undefined;
  }
}

function configOf(files: ReadonlyMap<string, Uint8Array>): Json {
  try {
    return parseJsonObject(new TextDecoder().decode(files.get('adapter_config.json')), 'adapter_config.json');
  } catch {
    return {};
  }
}
