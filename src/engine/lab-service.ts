// Lab: looks into kept adapters, measures them on the open base and dataset, cuts and merges them. Measuring takes the GPU for
// one point at a time, so answers and a run go on in between.

import { generalRows } from '../data/general-rows.ts';
import type { TokenRow } from '../data/types.ts';
import type { Adapter } from '../lora/adapter.ts';
import { methodName } from '../lora/adapter-config.ts';
import { readAdapter } from '../lora/files/read-adapter.ts';
import { readAdapterAlone } from '../lora/files/read-alone.ts';
import { truncateAdapter } from '../lora/lab/truncate-adapter.ts';
import { baseLengths } from '../lora/merge/base-lengths.ts';
import { checkTogether, type MergeInput, mergeAdapters, methodsFor } from '../lora/merge/merge-adapters.ts';
import type { MergeFacts } from '../lora/merge/merge-options.ts';
import { fileFromBytes, findFile, type ModelFile } from '../model/model-file.ts';
import { splitRows } from '../train/split-rows.ts';
import { adapterAnatomy, likenessTo } from './lab/adapter-anatomy.ts';
import { baseNorms } from './lab/base-norms.ts';
import { baseSpectrum } from './lab/base-spectrum.ts';
import { measureChange } from './lab/measure-change.ts';
import { portion } from './lab/portion.ts';
import { rankLosses } from './lab/rank-losses.ts';
import { STRENGTHS, strengthCurve } from './lab/strength-curve.ts';
import type { LibraryService } from './library-service.ts';
import type {
  AdapterAnatomy,
  AdapterRecord,
  BaseSpectrum,
  LabApi,
  LikenessOf,
  MeasuredRows,
  MergeMethod,
  MergePartner,
  MergeRequest,
  MergeWays,
  RankLoss,
  StrengthPoint,
} from './protocol.ts';
import { RECEIPT_NAME, readReceipt } from './receipt/receipt.ts';
import type { Session } from './session.ts';

/** Tokens that a point is measured on: enough that another choice of rows moves the mean by little. */
const MOST_TOKENS = { gpu: 4096, software: 384 };
/** A software adapter takes minutes for what a GPU does in a second. */
const FEW_STRENGTHS: readonly number[] = [0, 0.5, 1, 1.5];

export class LabService implements LabApi {
  constructor(
    private readonly session: Session,
    private readonly library: LibraryService,
  ) {}

  async anatomy(id: string): Promise<AdapterAnatomy> {
    const adapter = await this.read(id);
    const { model } = this.session;
    const isOwn = model !== undefined && (await this.record(id)).baseHash === model.weights.hash;
    if (!isOwn) return adapterAnatomy(adapter);
    const base = await this.session.turns.during(async () => ({
      norms: await baseNorms(model, adapter.modules.keys()),
      measured: await measureChange(model, adapter),
    }));
    return adapterAnatomy(adapter, base);
  }

  async likeness(id: string): Promise<readonly LikenessOf[]> {
    const adapter = await this.read(id);
    const found: LikenessOf[] = [];
    for (const other of await this.library.listAdapters()) {
      if (other.id === id) continue;
      try {
        const likeness = likenessTo(adapter, other.name, await this.read(other.id));
        if (likeness.sharedModules > 0) found.push({ id: other.id, ...likeness });
      } catch {
        // Made for a base of other sizes: nothing to compare.
      }
    }
    return found;
  }

  rankLosses(id: string, onPoint: (point: RankLoss) => void): Promise<MeasuredRows> {
    return this.session.answer(async (signal) => {
      const task = await this.taskRows(id);
      if (task === undefined) throw new Error('Cannot measure the loss: found no open dataset, need rows of its task');
      const { rows, isHeldBack } = task;
      const points = rankLosses(this.session.needModel(), await this.read(id), rows, undefined, signal);
      await this.inTurns(points, onPoint, signal);
      return { rows: rows.length, isHeldBack };
    });
  }

  strengths(id: string, onPoint: (point: StrengthPoint) => void): Promise<MeasuredRows | undefined> {
    return this.session.answer(async (signal) => {
      const task = await this.taskRows(id);
      const general = portion(generalRows(this.session.needTokenizer()), this.mostTokens());
      const strengths = this.session.device?.isSoftware ? FEW_STRENGTHS : STRENGTHS;
      const options = { task: task?.rows, general, strengths, signal };
      const adapter = await this.library.load(id);
      await this.inTurns(strengthCurve(this.session.needModel(), adapter, options), onPoint, signal);
      return task && { rows: task.rows.length, isHeldBack: task.isHeldBack };
    });
  }

  async stop(): Promise<void> {
    this.session.abortAnswers();
  }

  async saveTruncated(id: string, rank: number, name: string): Promise<AdapterRecord> {
    const original = await this.record(id);
    const from = { adapter: original.name, rank: original.rank, 'cut to': rank };
    const record = await this.library.keep(name, truncateAdapter(await this.read(id), rank), {
      made: 'truncated',
      from,
    });
    return this.describe(record, { datasetName: original.datasetName, steps: original.steps });
  }

  async mergePartners(id: string): Promise<readonly MergePartner[]> {
    const own = await this.record(id);
    const others = (await this.library.listAdapters()).filter((other) => other.id !== id);
    return others.map((other) => {
      const obstacle = obstacleTo(() => checkTogether([own, other].map(mergeFacts)));
      return { id: other.id, name: other.name, obstacle };
    });
  }

  async mergeWays(id: string, otherId: string): Promise<MergeWays> {
    const inputs = await Promise.all([id, otherId].map((one) => this.mergeInput(one, 1)));
    let methods: readonly MergeMethod[] = [];
    const obstacle = obstacleTo(() => {
      methods = methodsFor(inputs);
    });
    return { methods, obstacle };
  }

  async merge({ name, inputs, method, rank, density }: MergeRequest): Promise<AdapterRecord> {
    const read = await Promise.all(inputs.map(({ id, weight }) => this.mergeInput(id, weight)));
    const { model } = this.session;
    const base = model && { tensors: model.folder.tensors, parts: model.parts };
    const adapters = read.map(({ adapter }) => adapter);
    const lengths = base && (await baseLengths(adapters, base));
    const merged = mergeAdapters(read, { method, rank, density, baseLengths: lengths });
    const list = read.map((input) => `${input.name} × ${input.weight}`).join(', ');
    const from = { 'merged from': list, method, ...(density !== undefined && { density }) };
    return this.describe(await this.library.keep(name, merged, { made: 'merged', from }), { datasetName: list });
  }

  async baseSpectrum(path: string): Promise<BaseSpectrum> {
    const model = this.session.needModel();
    return this.session.turns.during(() => baseSpectrum(model, path));
  }

  async baseMatrices(): Promise<readonly string[]> {
    return [...this.session.needModel().linears().keys()];
  }

  /** Takes the GPU for each point and gives it back in between. */
  private async inTurns<T>(points: AsyncGenerator<T>, onPoint: (point: T) => void, signal: AbortSignal): Promise<void> {
    try {
      for (;;) {
        const next = await this.session.turns.during(() => points.next());
        if (next.done) return;
        onPoint(next.value);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await points.return(undefined);
    }
  }

  /** Rows of the open dataset: those that were held back from this adapter, where they are known, else all; in either case a portion. */
  private async taskRows(id: string): Promise<{ rows: readonly TokenRow[]; isHeldBack: boolean } | undefined> {
    const { dataset, table } = this.session.data ?? {};
    if (dataset === undefined) return undefined;
    const file = findFile(await this.files(id), RECEIPT_NAME);
    const receipt = file && (await readReceipt(file).catch(() => undefined));
    const isSame = receipt?.data !== undefined && receipt.data.hash === (await table?.hash());
    const recipe = isSame ? receipt.run?.recipe : undefined;
    const validation = recipe === undefined ? [] : splitRows(dataset.rows, recipe).validation;
    const rows = validation.length > 0 ? validation.map((index) => dataset.rows[index]!) : dataset.rows;
    return { rows: portion(rows, this.mostTokens()), isHeldBack: validation.length > 0 };
  }

  private mostTokens(): number {
    return this.session.device?.isSoftware ? MOST_TOKENS.software : MOST_TOKENS.gpu;
  }

  /** In the order of the open base where it fits that, else in the order of the file. */
  private async read(id: string): Promise<Adapter> {
    const files = await this.files(id);
    const { model } = this.session;
    const read = model && (await readAdapter(files, model.config).catch(() => undefined));
    return (read ?? (await readAdapterAlone(files))).adapter;
  }

  private async mergeInput(id: string, weight: number): Promise<MergeInput> {
    const { name, base } = mergeFacts(await this.record(id));
    return { name, base, adapter: await this.read(id), weight };
  }

  private async files(id: string): Promise<ModelFile[]> {
    return [...(await this.session.host.adapters.files(id))].map(([name, bytes]) => fileFromBytes(name, bytes));
  }

  private async record(id: string): Promise<AdapterRecord> {
    const record = (await this.library.listAdapters()).find((known) => known.id === id);
    if (record === undefined) throw new Error(`Cannot find adapter "${id}" in this browser's storage`);
    return record;
  }

  private async describe(record: AdapterRecord, facts: Partial<AdapterRecord>): Promise<AdapterRecord> {
    const described = { ...record, ...facts };
    await this.session.host.adapters.update(described);
    return described;
  }
}

function mergeFacts({ name, method, baseName, baseHash, baseQuant }: AdapterRecord): MergeFacts {
  const base = { name: baseName, hash: baseHash, quant: baseQuant };
  return { name, method: method ?? methodName({ peft_type: 'LORA' }), base };
}

/** What a check of a merge says, as the rest of its "Cannot merge the adapters: "; undefined where it passes. */
function obstacleTo(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^Cannot merge the adapters: /, '');
  }
}
