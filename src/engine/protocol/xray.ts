// Token x-ray: a row as the model sees it, with what the model makes of each of its tokens.

/** Whose eyes: `null` the base alone, an adapter of the library, or one that is being trained (`runningAdapter`). */
export type XrayEyes = string | null;

export interface Xray {
  /** Loss in nats at each token of the row, whether it is learned or not; NaN at the first, which nothing comes before. */
  readonly losses: Float32Array;
}

export interface TokenChoice {
  readonly id: number;
  readonly text: string;
  readonly probability: number;
}

/** What would have been said at one place. */
export interface TokenGuess {
  readonly eyes: XrayEyes;
  /** The likeliest, best first. */
  readonly choices: readonly TokenChoice[];
  /** Of the token that stands there. */
  readonly probability: number;
}

export interface XrayApi {
  /** @param row of `previewRows`. Between the steps of a run, if one goes on. */
  losses(row: number, eyes: XrayEyes): Promise<Xray>;
  /** What base and adapter would have said in place of token `at`, which is not the first. */
  guesses(row: number, at: number, eyes: readonly XrayEyes[]): Promise<readonly TokenGuess[]>;
}
