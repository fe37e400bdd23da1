// What a bug report needs to be understood, as JSON that a person can read through before sending it: versions, GPU, settings,
// figures, the last errors. Of the user's data only how much there is: no text, no file name, no name that they gave.

import { version } from '../../../package.json';
import type { DatasetReport, DeviceReport, FaultEvent, ModelReport, TrainSettings } from '../../engine/protocol.ts';
import type { NotedError } from './error-log.ts';

export interface BugFacts {
  readonly at: string;
  readonly browser: string;
  readonly device: DeviceReport | undefined;
  readonly base: { readonly kind: 'bundled' | 'files' | 'hub' | undefined; readonly report: ModelReport | undefined };
  readonly data: DatasetReport | undefined;
  readonly settings: TrainSettings;
  readonly run: {
    readonly phase: string;
    readonly step: number;
    readonly totalSteps: number;
    readonly losses: ArrayLike<number>;
    readonly gradNorms: ArrayLike<number>;
    readonly ms: ArrayLike<number>;
    readonly evals: readonly { readonly step: number; readonly loss: number }[];
    readonly faults: readonly FaultEvent[];
  };
  readonly storage: { readonly usageBytes: number | undefined; readonly quotaBytes: number | undefined };
  readonly errors: readonly NotedError[];
}

/** The last so many steps: where a run went wrong, not its whole history. */
const MOST_STEPS = 500;

export function makeBugRecord(facts: BugFacts): string {
  const { at, browser, device, base, data, settings, run, storage, errors } = facts;
  const record = {
    about:
      'A record of Graft for a bug report. It holds no text of yours and no file name; read it before you send it.',
    graft: version,
    at,
    browser,
    device,
    base: base.report && { source: base.kind, ...describeBase(base.report, base.kind) },
    data: data && describeData(data),
    settings: withoutText(settings),
    run: {
      phase: run.phase,
      step: run.step,
      totalSteps: run.totalSteps,
      losses: last(run.losses),
      gradNorms: last(run.gradNorms),
      ms: last(run.ms),
      evals: run.evals.slice(-MOST_STEPS),
      faults: run.faults.map(({ cause, step, message }) => ({ cause, step, message: withoutNames(message) })),
    },
    storage,
    errors: errors.map((error) => ({ ...error, message: withoutNames(error.message) })),
  };
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

/** The words that a learned prompt begins with are the user's own. */
function withoutText({ promptTuning, ...settings }: TrainSettings): TrainSettings {
  if (promptTuning === undefined) return settings;
  const text = promptTuning.prompt_tuning_init_text;
  return { ...settings, promptTuning: text ? { ...promptTuning, prompt_tuning_init_text: '…' } : promptTuning };
}

/** A bundled model or one of the Hub is known to everybody by its name; a folder's name is its owner's. */
function describeBase(report: ModelReport, kind: BugFacts['base']['kind']) {
  const { family, parameters, layers, hidden, vocabulary, contextTokens, quant, weightBytes, hash } = report;
  const name = kind === 'files' ? undefined : report.name;
  return { name, family, parameters, layers, hidden, vocabulary, contextTokens, quant, weightBytes, hash };
}

function describeData({
  format,
  mapping,
  rows,
  tokens,
  supervisedTokens,
  longestRow,
  skipped,
  warnings,
}: DatasetReport) {
  const { shape } = mapping;
  return {
    format,
    shape,
    rows,
    tokens,
    supervisedTokens,
    longestRow,
    skipped,
    warnings,
  };
}

/** Steps, as short as they say what happened. */
function last(values: ArrayLike<number>): number[] {
  return Array.from(values)
    .slice(-MOST_STEPS)
    .map((value) => Number(value.toPrecision(6)));
}

/** What the GPU itself says is about buffers and shaders of ours. */
const OWN_WORDS = /^Cannot (go on: the GPU|allocate|bind|make pipeline|compile shader)/;

/** A sentence without what stands in quotes: there it repeats names and rows of the user. */
export function withoutNames(message: string): string {
  return OWN_WORDS.test(message) ? message : message.replace(/"[^"]*("|$)|“[^”]*(”|$)/g, '"…"');
}
