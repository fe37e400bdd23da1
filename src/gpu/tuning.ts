// What a device has been measured to do best, kept from one opening to the next. The record belongs to one adapter, driver and
// set of variants: anything else is measured anew.

import { calibrate } from './calibrate.ts';
import { trustedMatrices } from './check-matrices.ts';
import type { Device } from './device.ts';
import { PRODUCT_VARIANTS } from './kernels/product-variants.ts';

/** Changes when measuring changes, or a variant gets faster. */
const VERSION = 1;

/** Keeps one text a key. A store that fails costs a calibration, nothing else. */
export interface TuningStore {
  load(key: string): Promise<string | undefined>;
  save(key: string, text: string): Promise<void>;
}

export interface TuneOptions {
  /** Variants to take wherever they can run, the first before the next; then nothing is measured. */
  readonly asked?: readonly string[];
  /** Measures even where a record is kept. */
  readonly again?: boolean;
}

/** Throws RangeError for a name that no variant has. */
export function checkVariants(names: readonly string[]): void {
  const known = PRODUCT_VARIANTS.map((v) => v.name);
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) throw new RangeError(`Cannot use the variant "${wrong}": need some of ${known.join(', ')}`);
}

/** Lets the device's traits say which variants to take: as asked, as kept, or as measured now. Once is enough. */
export async function tune(device: Device, store: TuningStore, options: TuneOptions = {}): Promise<void> {
  const { asked, again = false } = options;
  if (asked !== undefined) checkVariants(asked);
  else if (device.traits.products !== undefined && !again) return;
  if (device.traits.matrices.length > 0) device.traits = { ...device.traits, matrices: await trustedMatrices(device) };
  if (asked !== undefined) {
    device.takeProducts({ asked });
    return;
  }
  const key = tuningKey(device);
  const text = await store.load(key).catch(() => undefined);
  const kept = again ? undefined : readRecord(text);
  if (kept !== undefined) {
    device.takeProducts({ measured: kept });
    return;
  }
  const measured = await calibrate(device);
  device.takeProducts({ measured });
  // What a newer Graft has measured stays for it.
  if (versionOf(text) <= VERSION)
    await store.save(key, JSON.stringify({ version: VERSION, variants: names(), measured })).catch(() => {});
}

/** Adapter and driver, as far as WebGPU tells, and what kernels choose by. */
function tuningKey({ info, traits }: Device): string {
  const { vendor, architecture, device, description } = info;
  const { products: _, ...facts } = traits;
  return JSON.stringify([vendor, architecture, device, description, facts]);
}

function versionOf(text: string | undefined): number {
  try {
    return Number(JSON.parse(text!).version) || 0;
  } catch {
    return 0;
  }
}

const names = () => PRODUCT_VARIANTS.map((v) => v.name).join();

/** Stores give back what others may have written: anything unexpected counts as nothing. */
function readRecord(text: string | undefined): Record<string, string> | undefined {
  if (text === undefined) return undefined;
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return undefined;
  }
  const is = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (!is(record) || record.version !== VERSION || record.variants !== names() || !is(record.measured))
    return undefined;
  const pairs = Object.entries(record.measured);
  return pairs.every(([, name]) => typeof name === 'string')
    ? Object.fromEntries(pairs as [string, string][])
    : undefined;
}
