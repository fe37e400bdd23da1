import { count, loss, percent, plural } from '../format.ts';

const digits = (value: number) => (value === 0 ? '0' : value < 0.001 ? value.toExponential(1) : value.toPrecision(3));

export const words = {
  title: (name: string) => `Inside ${name}`,
  back: 'Back to the library',
  noRank: (method: string) =>
    `${method} has no matrices of low rank to take apart; it can be verified, and what it costs can be measured.`,
  loading: 'Reading the adapter…',
  failed: 'The lab cannot read this adapter.',
  again: 'Try again',
  problem: 'That did not work.',
  dismiss: 'Dismiss',
  digits,

  verify: {
    title: 'Is the file whole?',
    lead: 'Opens the kept files as a stranger’s and holds them against the receipt of the run.',
    action: 'Verify',
    busy: 'Verifying…',
    passed: 'Nothing failed.',
    failed: (n: number) => `${plural(n, 'check')} failed.`,
    status: { passed: 'passed', failed: 'FAILED', skipped: 'not looked at' },
    marks: { passed: '✓', failed: '✗', skipped: '–' },
  },

  changed: {
    title: 'Where it changed the base',
    share: 'How large the change of each matrix is, against the matrix itself.',
    norm: 'How large the change of each matrix is. With its base open: against the matrix itself.',
    layers: 'layer',
    cell: (path: string, value: string) => `${path}: ${value}`,
    ofBase: (share: number) => `${(100 * share).toPrecision(2)} % of the matrix`,
    size: (norm: number) => `size ${digits(norm)}`,
    module: (path: string, out: number, inputs: number) => `${path}, ${count(out)} × ${count(inputs)}`,
    facts: (effective: number, rank: number, for90: number) =>
      rank === 1
        ? 'It has one direction.'
        : `About ${effective.toFixed(1)} of its ${count(rank)} directions are in use; the first ${for90 === 1 ? 'holds' : `${for90} hold`} 90 % of the change.`,
    singular: 'Singular values of the change',
    dora: 'This adapter sets the length of every row anew (DoRA): the sizes above are of the whole change, m/n·(W + s·B·A) − W; directions and singular values are of s·B·A, before the lengths are set.',
    doraAlone:
      'This adapter sets the length of every row anew (DoRA): all of this is of s·B·A alone. Open its base to see the whole change.',
    parts: 'Trained in full',
    part: (elements: number, change: number, share: number | undefined) =>
      [
        plural(elements, 'number'),
        share === undefined ? `changed by ${digits(change)}` : `changed by ${(100 * share).toPrecision(2)} %`,
      ].join(' · '),
    unmeasured: (names: string) => `Trained in full, and measured when its base is open: ${names}.`,
  },

  rank: {
    title: 'A smaller copy',
    lead: 'Every change cut to its strongest directions. A lower rank makes a smaller file; the loss says what it costs.',
    slider: 'Rank of the copy',
    says: (rank: number, most: number) => `rank ${rank} of ${most}`,
    kept: (share: number) => `${percent(share)} of the change stays`,
    measure: 'Measure the loss at each rank',
    stop: 'Stop',
    measuring: (n: number) => `${plural(n, 'rank')} measured…`,
    needs: 'Open its base and its data to see the loss at each rank.',
    loss: (value: number) => `loss ${loss(value)}`,
    near: (rank: number, value: number) => `loss ${loss(value)} at rank ${rank}, the nearest measured`,
    on: (rows: number, isHeldBack: boolean) =>
      `On ${plural(rows, 'row')} ${isHeldBack ? 'that were held back from it' : 'of the open data; it may have seen them'}.`,
    plot: (points: string) => `Loss by rank: ${points}`,
    rankColumn: 'Rank',
    keptColumn: 'Stays',
    lossColumn: 'Loss',
    base: 'base alone',
    name: 'Name of the copy',
    nameOf: (name: string, rank: number) => `${name}, rank ${rank}`,
    save: (rank: number) => `Keep a copy at rank ${rank}`,
    saving: 'Saving…',
    saved: (name: string) => `${name} is in the library`,
  },

  strength: {
    title: 'What it costs',
    lead: 'An adapter that learns something forgets something. The loss of its own task against how far it strays from the base on general text, at each strength.',
    measure: 'Measure the trade-off',
    measuring: (n: number) => `${plural(n, 'strength')} measured…`,
    slider: 'Strength',
    says: (value: number) => `strength ${value}`,
    task: 'Own task',
    general: 'General text',
    kl: 'Strays (KL)',
    column: 'Strength',
    none: 'not measured',
    at: (strength: number) => (strength === 0 ? 'The base alone' : `At strength ${strength}`),
    nats: 'nats a token',
    plotTask: (points: string) => `Loss of the task by distance from the base: ${points}`,
    plotKl: (points: string) => `Distance from the base by strength: ${points}`,
    axisKl: 'Strays from the base (KL) →',
    axisTask: 'Loss of its task',
    axisStrength: 'Strength →',
    axisDistance: 'Strays from the base (KL)',
    on: (tokens: number) => `General text: ${count(tokens)} tokens that come with Graft and are never trained on.`,
    noTask: 'Open its data to see the loss of the task beside it.',
    needs: 'Open its base to measure.',
    tip: 'The strength is chosen in Play, and when answers are asked for.',
  },

  others: {
    title: 'Beside other adapters',
    lead: 'How alike two changes are: 1 the same direction, 0 unrelated, −1 opposite.',
    none: 'No other adapter here sits on the same matrices.',
    cosine: (name: string, value: number) => `${name}: ${value.toFixed(3)}`,
  },

  merge: {
    title: 'Merge with another',
    lead: 'Makes a third adapter of the two; both stay as they are.',
    none: 'There is no other adapter yet.',
    needs: 'Open its base to merge it.',
    other: 'Merge with',
    looking: 'Looking at its files…',
    weightOwn: 'Weight of this one',
    weightOther: (name: string) => `Weight of ${name}`,
    method: 'How',
    methods: {
      cat: 'cat: exactly the sum',
      svd: 'svd: closest at the same rank',
      linear: 'linear: factors added, roughly the sum',
      ties_svd: 'ties: by majority of signs',
      dare_linear_svd: 'dare: random parts',
      magnitude_prune_svd: 'prune: the largest parts',
    },
    ia3Methods: { linear: 'linear: the weighted sum of the scales' },
    scales: (sum: number) =>
      `The weights add up to ${sum.toFixed(2)}, not 1: where neither changes the base, the base itself is multiplied by that.`,
    action: 'Merge into a new adapter',
    merging: 'Merging…',
    name: (one: string, other: string) => `${one} + ${other}`,
    merged: (name: string) => `${name} is in the library`,
    notAtAll: (obstacle: string) => `It cannot be merged: ${obstacle}.`,
    unable: (n: number) => `${plural(n, 'adapter')} cannot be merged with it`,
    because: (name: string, obstacle: string) => `${name}: ${obstacle}.`,
  },

  base: {
    title: 'The base’s own spectrum',
    lead: 'The largest singular values of one of the base’s matrices, found on the GPU.',
    matrix: 'Matrix',
    show: 'Show',
    busy: 'Looking…',
    facts: (n: number, isWhole: boolean, first: number, last: number) =>
      `${isWhole ? 'All' : 'The largest'} ${n}, from ${digits(first)} to ${digits(last)}`,
  },
} as const;
