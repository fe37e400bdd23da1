// graft lab: what an adapter is made of, what it does at lower ranks and other strengths, and what it has cost.

import {
  type AdapterAnatomy,
  adapterAnatomy,
  type BaseSpectrum,
  baseNorms,
  baseSpectrum,
  type Likeness,
  likenessOf,
  measureChange,
  measureStrengths,
  methodName,
  type RankLoss,
  rankFor,
  rankLosses,
  readLabAdapter,
  type StrengthPoint,
  saveTruncated,
} from '../engine/lab.node.ts';
import { loadRows } from '../engine/node.ts';
import { MODEL_FLAGS, MODEL_HELP, openFlaggedModel } from './model-flags.ts';
import { type Parsed, parseFlags, UsageError } from './usage.ts';

const FLAGS = {
  ...MODEL_FLAGS,
  with: { type: 'string', multiple: true },
  data: { type: 'string', multiple: true },
  'seq-len': { type: 'string' },
  'train-on-prompts': { type: 'boolean' },
  ranks: { type: 'string' },
  strengths: { type: 'string' },
  forgetting: { type: 'boolean' },
  'base-spectrum': { type: 'string' },
  truncate: { type: 'string' },
  out: { type: 'string' },
  json: { type: 'boolean' },
} as const;

export const lab = {
  summary: 'look into an adapter: singular values, ranks, strengths, forgetting',
  help: `usage: graft lab <adapter> [flags]

  Without a base: for each linear, its effective rank, the share of its change in the largest singular values, and its norm.
  --with ADAPTER            another adapter of the same base: the cosine between their changes; may be repeated

${MODEL_HELP}
  --data FILE               rows of the adapter's task: the loss at each rank (--ranks 1,2,4 to choose)
  --forgetting              what is forgotten of general text at each strength: loss, and KL from the base; with --data, next to the
                            task's loss (--strengths 0,0.5,1)
  --base-spectrum LINEAR    the largest singular values of one of the base's own matrices (model.layers.0.self_attn.q_proj)
  --truncate N --out FOLDER saves the adapter at rank N
  --seq-len 256  --train-on-prompts
  --json                    one object: anatomy (of a LoRA; else method), with, rankLosses, strengths, baseSpectrum, out`,

  async run(args: readonly string[]): Promise<void> {
    const flags = parseFlags('lab', args, FLAGS, { min: 1, max: 1 });
    const [at] = flags.positionals;
    const needsModel = ['data', 'forgetting', 'base-spectrum', 'truncate'].filter((name) => isGiven(flags, name));
    if (flags.text('model') === undefined && needsModel.length > 0)
      throw new UsageError(`Cannot run graft lab: found --${needsModel[0]} without --model, need the adapter's base`);
    const rank = flags.text('truncate') === undefined ? undefined : flags.number('truncate', 0);
    if ((rank === undefined) !== (flags.text('out') === undefined))
      throw new UsageError('Cannot run graft lab: found one of --truncate and --out, need both');
    const opened = flags.text('model') === undefined ? undefined : await openFlaggedModel(flags);
    try {
      const model = opened?.model;
      const adapter = await readLabAdapter(at!, model);
      const report = new Report(flags.has('json'));
      const isLora = adapter.config.peft_type === 'LORA';
      if (isLora) {
        const base = model && {
          norms: await baseNorms(model, adapter.modules.keys()),
          measured: await measureChange(model, adapter),
        };
        report.anatomy(adapterAnatomy(adapter, base));
      } else report.otherMethod(methodName(adapter.config));
      for (const other of flags.list('with'))
        report.likeness(likenessOf(adapter, other, await readLabAdapter(other, model)));
      if (model !== undefined) {
        const data = flags.list('data');
        const read = { maxTokens: flags.number('seq-len', 256), completionOnly: !flags.has('train-on-prompts') };
        const rows = data.length === 0 ? undefined : (await loadRows(model, data, read)).rows;
        const ranks = numbers(flags, 'ranks');
        if (rows && (isLora || ranks))
          for await (const point of rankLosses(model, adapter, rows, ranks)) report.rankLoss(point);
        if (flags.has('forgetting'))
          for await (const point of measureStrengths(model, adapter, rows, numbers(flags, 'strengths')))
            report.strength(point);
        const matrix = flags.text('base-spectrum');
        if (matrix !== undefined) report.baseSpectrum(await baseSpectrum(model, matrix));
        if (rank !== undefined) {
          await saveTruncated(adapter, rank, flags.required('out'), model);
          report.saved(flags.required('out'), rank);
        }
      }
      report.end();
    } finally {
      opened?.model.destroy();
      opened?.device.destroy();
    }
  },
};

function isGiven(flags: Parsed, name: string): boolean {
  return flags.has(name) || flags.text(name) !== undefined || flags.list(name).length > 0;
}

/** "1,2,4" */
function numbers(flags: Parsed, name: string): readonly number[] | undefined {
  const text = flags.text(name);
  if (text === undefined) return undefined;
  const found = text.split(',').map(Number);
  if (found.every((number) => Number.isFinite(number) && number >= 0)) return found;
  throw new UsageError(`Cannot read --${name}: found "${text}", need numbers such as 1,2,4`);
}

/** Prints as it comes, or all at once as JSON. */
class Report {
  private readonly all: Record<string, unknown> = {};
  private section = '';

  constructor(private readonly isJson: boolean) {}

  anatomy(anatomy: AdapterAnatomy): void {
    this.all.anatomy = anatomy;
    this.head('linear', 'rank', 'in use', 'for 90 %', 'σ₁', '‖ΔW‖', '‖ΔW‖/‖W‖');
    const share = (change: number, norm: number | undefined) => (norm ? `${digits((100 * change) / norm)} %` : '-');
    for (const m of anatomy.modules) {
      const change = m.wholeNorm ?? m.norm;
      const facts = [m.effectiveRank.toFixed(2), rankFor(m, 0.9), digits(m.singularValues[0] ?? 0)];
      this.row(m.path, m.rank, ...facts, digits(change), share(change, m.baseNorm));
    }
    if (anatomy.modules.some(({ isDora }) => isDora))
      this.line(
        anatomy.modules.some(({ wholeNorm }) => wholeNorm !== undefined)
          ? '\nDoRA: ‖ΔW‖ is of the whole change, m/n·(W + s·B·A) − W; rank and σ are of s·B·A, before it sets the lengths'
          : '\nDoRA: all of this is of s·B·A alone; --model shows the whole change, m/n·(W + s·B·A) − W',
      );
    if (anatomy.parts.length > 0) this.head('trained in full', 'numbers', '‖ΔW‖', '‖ΔW‖/‖W‖');
    for (const { name, elements, change, baseNorm } of anatomy.parts)
      this.row(name, elements.toLocaleString('en'), digits(change), share(change, baseNorm));
    if (anatomy.unmeasured.length > 0)
      this.line(`\ntrained in full, and measured with --model alone: ${anatomy.unmeasured.join(', ')}`);
    const shares = anatomy.energy.map((share) => `${(100 * share).toFixed(1)} %`);
    this.line(`\nall together: ‖ΔW‖ ${digits(anatomy.norm)}; kept at rank 1, 2, …: ${shares.join(', ')}`);
  }

  otherMethod(name: string): void {
    this.all.method = name;
    this.line(`${name}: no ranks to look into; --forgetting shows what it does at each strength`);
  }

  likeness(likeness: Likeness): void {
    this.all.with = [...((this.all.with as Likeness[]) ?? []), likeness];
    this.line(
      `cosine with ${likeness.name}: ${likeness.cosine.toFixed(4)} over ${likeness.sharedModules} common linears`,
    );
  }

  rankLoss(point: RankLoss): void {
    this.all.rankLosses = [...((this.all.rankLosses as RankLoss[]) ?? []), point];
    this.head('rank', 'loss');
    this.row(point.rank === 0 ? '0 (base)' : String(point.rank), point.loss.toFixed(4));
  }

  strength(point: StrengthPoint): void {
    this.all.strengths = [...((this.all.strengths as StrengthPoint[]) ?? []), point];
    this.head('strength', 'task loss', 'general loss', 'KL from base');
    const { strength, taskLoss, loss, kl } = point;
    this.row(String(strength), taskLoss?.toFixed(4) ?? '-', loss.toFixed(4), kl.toFixed(4));
  }

  baseSpectrum(spectrum: BaseSpectrum): void {
    this.all.baseSpectrum = spectrum;
    const { path, outFeatures, inFeatures, singularValues } = spectrum;
    this.line(`\n${path} of the base, ${outFeatures}×${inFeatures}, largest singular values:`);
    this.line(singularValues.map(digits).join(' '));
  }

  saved(out: string, rank: number): void {
    this.all.out = out;
    this.line(`\nwrote ${out}: rank ${rank}`);
  }

  end(): void {
    if (this.isJson) console.log(JSON.stringify(this.all));
  }

  /** Once for each table. */
  private head(first: string, ...cells: string[]): void {
    if (this.section === first) return;
    this.section = first;
    this.line('');
    this.row(first, ...cells);
  }

  private row(first: string, ...cells: (string | number)[]): void {
    this.line(`${first.padEnd(36)}${cells.map((cell) => String(cell).padStart(13)).join('')}`);
  }

  private line(text: string): void {
    if (!this.isJson) console.log(text);
  }
}

function digits(value: number): string {
  return value === 0 ? '0' : value.toPrecision(4);
}
