// Everything that an adapter is saved as: PEFT's folder with its card, and the receipt beside them.

import { countSupervised } from '../../data/token-row-builder.ts';
import type { Adapter } from '../../lora/adapter.ts';
import { type FileBytes, writePeftFolder } from '../../lora/files/peft.ts';
import { FlatAdapter } from '../../lora/flat-adapter.ts';
import type { BaseModel } from '../../model/base-model.ts';
import { cardFacts, type RunFacts } from '../card-facts.ts';
import { measureProbe, type Probe } from './probe.ts';
import { type DataFacts, type Provenance, withReceipt } from './receipt.ts';

export interface MadeAdapter {
  readonly adapter: Adapter;
  readonly name: string;
  readonly made: Provenance;
  readonly run?: RunFacts | undefined;
  /** What it answered on the device, when that is known already; else it is measured here. */
  readonly probe?: Probe | undefined;
}

export async function adapterFiles(
  model: BaseModel,
  { adapter, name, made, run, probe }: MadeAdapter,
): Promise<FileBytes[]> {
  const { settings: recipe, outcome } = run ?? {};
  return withReceipt(adapter, writePeftFolder(adapter, cardFacts(model, name, run)), {
    base: { name: model.folder.name, hash: model.weights.hash, quant: model.quant },
    data: run && dataFacts(run),
    run: recipe &&
      outcome && {
        recipe,
        steps: outcome.steps,
        stopped: outcome.stopped,
        trouble: outcome.trouble,
        curve: outcome.curve,
        rateChanges: outcome.rateChanges,
      },
    probe: probe ?? (await tryProbe(model, adapter)),
    ...made,
  });
}

/** An adapter that cannot be measured is still saved; its receipt then has no answers. */
async function tryProbe(model: BaseModel, adapter: Adapter): Promise<Probe | undefined> {
  const flat = await FlatAdapter.load(model.device, adapter).catch(() => undefined);
  if (flat === undefined) return undefined;
  try {
    return await measureProbe(model, flat).catch(() => undefined);
  } finally {
    flat.destroy();
  }
}

function dataFacts({ dataset: { name, hash, rows } }: RunFacts): DataFacts {
  const supervised = rows.map(countSupervised);
  return {
    name,
    hash,
    rows: rows.length,
    tokens: rows.reduce((sum, { ids }) => sum + ids.length, 0),
    supervisedTokens: supervised.reduce((sum, n) => sum + n, 0),
    longestRow: rows.reduce((most, { ids }) => Math.max(most, ids.length), 0),
    rowsWithoutTarget: supervised.filter((n) => n === 0).length,
  };
}
