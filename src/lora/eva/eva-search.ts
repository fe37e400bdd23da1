// EVA's search for the directions in which the inputs of linears vary on the user's own data: a principal component analysis of
// every input, batch by batch, until all components that get a rank have settled. It is what PEFT's `get_eva_state_dict` does
// between two forward passes; the passes are in train/eva-start.ts.

import { dot, firstRows, type Matrix, matrix } from '../algebra/matrix.ts';
import type { EvaConfig } from './eva-config.ts';
import { IncrementalPca } from './incremental-pca.ts';
import { type EvaLinear, shareRanks } from './share-ranks.ts';

/** Each linear's initial A (r,C), by path; r is 0 where no rank is left for it. */
export type EvaFactors = ReadonlyMap<string, Matrix>;

interface Search {
  readonly pca: IncrementalPca;
  /** Components whose direction the last batch did not change. */
  hasSettled: readonly boolean[];
}

export class EvaSearch {
  private readonly searches: ReadonlyMap<string, Search>;
  private readonly budget: number;
  private ranks: ReadonlyMap<string, number>;
  /** Batches seen so far. */
  batches = 0;

  /** `linears`: with the ranks that the config gives them, in the order of the model. */
  constructor(
    private readonly linears: readonly (EvaLinear & { readonly r: number })[],
    private readonly config: EvaConfig,
  ) {
    this.budget = linears.reduce((sum, { r }) => sum + r, 0);
    const most = new Map<string, number>();
    for (const { leader, r } of linears)
      most.set(leader, Math.max(most.get(leader) ?? 0, roundHalfEven(r * config.rho)));
    this.searches = new Map([...most].map(([leader, k]) => [leader, { pca: new IncrementalPca(k), hasSettled: [] }]));
    this.ranks = new Map(linears.map(({ path, leader }) => [path, most.get(leader)!]));
  }

  /** The most components sought of any input. Every batch needs at least as many samples. */
  get mostComponents(): number {
    return Math.max(...[...this.searches.values()].map(({ pca }) => pca.k));
  }

  /** Leaders whose inputs have not settled; when there are none, the search is over. */
  get open(): readonly string[] {
    return [...this.searches.keys()].filter((leader) => !this.isSettled(leader));
  }

  get inputs(): number {
    return this.searches.size;
  }

  /** Adds a batch's samples (n,C) of one open input. Call `endBatch` after all of them. */
  add(leader: string, x: Matrix): void {
    const search = this.searches.get(leader)!;
    const before = search.pca.components;
    search.pca.add(x);
    if (before === undefined) return;
    search.hasSettled = cosines(before, search.pca.components!).map((cosine) => cosine >= this.config.tau);
  }

  /** Redistributes the ranks. A settled input opens again when more of its components now have a rank. */
  endBatch(): void {
    this.batches++;
    this.ranks = shareRanks(this.linears, (leader) => this.searches.get(leader)!.pca.varianceShares, this.budget);
  }

  /** The result so far. */
  factors(): EvaFactors {
    return new Map(
      this.linears.map(({ path, leader }) => {
        const { pca } = this.searches.get(leader)!;
        const r = this.ranks.get(path)!;
        const rows = firstRows(pca.components!, r);
        const length = (i: number) => (this.config.whiten ? Math.sqrt(pca.singularValues[i]!) : 1);
        const whitened = rows.data.map((value, at) => value / length(Math.floor(at / rows.columns)));
        return [path, matrix(r, rows.columns, whitened)];
      }),
    );
  }

  private isSettled(leader: string): boolean {
    const { hasSettled } = this.searches.get(leader)!;
    return Array.from({ length: this.ranks.get(leader)! }, (_, i) => hasSettled[i] ?? false).every(
      (settled) => settled,
    );
  }
}

/** Cosines between the rows of x and y, which have length 1 or are 0. */
function cosines(x: Matrix, y: Matrix): number[] {
  const C = x.columns;
  return Array.from({ length: x.rows }, (_, i) => dot(x.data, i * C, y.data, i * C, C));
}

/** Rounds like Python: halves go to the even number. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
