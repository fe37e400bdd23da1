// One adapter of a run before it trains: its rows, its settings, and the record that the list of runs will have of it.

import { hashRows } from '../data/hash-rows.ts';
import type { TokenRow } from '../data/types.ts';
import { type TrainSettings, totalSteps } from '../train/recipe.ts';
import { splitRows } from '../train/split-rows.ts';
import type { RunFacts } from './card-facts.ts';
import type { FoundMember, KeptMember, KeptRun } from './kept-run.ts';
import type { RunRecord, TogetherAsk } from './protocol.ts';
import type { Session } from './session.ts';

type Dataset = RunFacts['dataset'];

export interface ReadyMember {
  /** Among the adapters of the run. */
  readonly place: number;
  readonly member: KeptMember;
  readonly settings: TrainSettings;
  readonly dataset: Dataset;
  readonly from?: RunRecord['from'];
  /** What of it has been kept, when the run goes on. */
  readonly found?: FoundMember;
}

/** Those of one file; all when none is named. */
export function rowsOf(rows: readonly TokenRow[], file: string | undefined): readonly TokenRow[] {
  return file === undefined ? rows : rows.filter((row) => row.file === file);
}

/** One of several that train at once. Throws when none of `all` are its rows. */
export async function readyMember(
  { runId, adapterName, settings, file, start }: TogetherAsk & Pick<KeptMember, 'start'>,
  place: number,
  all: Dataset,
  promptingOf: (file: string) => Dataset['prompting'],
): Promise<ReadyMember> {
  const rows = rowsOf(all.rows, file);
  if (rows.length === 0) throw new RangeError(`Cannot train "${adapterName}": found no rows of "${file}", need some`);
  if (file === undefined) {
    const { rows: _, ...dataset } = all;
    return { place, member: { runId, adapterName, dataset, start, settings }, settings, dataset: all };
  }
  const dataset = { name: file, hash: await hashRows(rows), prompting: promptingOf(file) };
  const own = Uint32Array.from(all.rows.flatMap((row, i) => (row.file === file ? [i] : [])));
  return {
    place,
    member: { runId, adapterName, dataset, rows: own, start, settings },
    settings,
    dataset: { ...dataset, rows },
  };
}

export function newRecord(
  session: Session,
  { samples }: KeptRun,
  { member, settings, dataset: { rows }, from }: Pick<ReadyMember, 'member' | 'settings' | 'dataset' | 'from'>,
): RunRecord {
  const { dataset: data } = member;
  const { id, name, hash, quant } = session.modelReport!;
  return {
    id: member.runId,
    name: member.adapterName,
    created: new Date().toISOString(),
    state: 'running',
    settings,
    base: { id, name, hash, quant },
    data: { name: data.name, hash: data.hash, rows: rows.length },
    device: session.needDevice().name,
    steps: 0,
    totalSteps: totalSteps(splitRows(rows, settings).train.length, settings),
    trainedMs: 0,
    memoryBytes: undefined,
    finalLoss: undefined,
    validationBefore: undefined,
    validationAfter: undefined,
    trouble: undefined,
    adapterId: undefined,
    samples,
    from,
    notes: '',
    keptSteps: [],
  };
}
