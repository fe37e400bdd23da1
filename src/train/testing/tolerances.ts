// How far from its reference a golden test may be: ../shared/goldens/README.md gives the figures and says how they were measured.

/** Largest difference of a logit. */
export const LOGITS = 2e-4;
export const LOSS = 1e-5;
/** Relative L2 of a tensor's gradient. */
export const GRADIENT = 1e-4;
/** Each of the first five of twenty steps. */
export const FIRST_LOSSES = 1e-4;
/** Each of all twenty. */
export const ALL_LOSSES = 2e-3;
/** Relative L2 of a tensor after twenty steps. */
export const FINAL_ADAPTER = 1e-2;
