// Twin of clip-and-adamw, in the order and with the formulas of torch.nn.utils.clip_grad_norm_ and torch.optim.AdamW.

export interface AdamState {
  readonly params: Float64Array;
  readonly m: Float64Array;
  readonly v: Float64Array;
}

export interface AdamHyper {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** From 1. */
  readonly step: number;
  /** Largest global norm; 0 = no clipping. */
  readonly clip: number;
  /** Gradients are multiplied by this first (1 / supervised tokens). */
  readonly gradScale: number;
}

/** Changes `state` in place and returns the norm before clipping; groups: [lr multiplier, weight decay] for each 64 elements. */
export function clipAndAdamWCpu(
  state: AdamState,
  grads: ArrayLike<number>,
  hyper: AdamHyper,
  groups: ArrayLike<number>,
): { norm: number; isFinite: boolean } {
  const { params, m, v } = state;
  const { lr, beta1, beta2, eps, step, clip, gradScale } = hyper;
  let sum = 0;
  let allFinite = true;
  for (let i = 0; i < params.length; i++) {
    if (Number.isFinite(grads[i])) sum += (gradScale * grads[i]!) ** 2;
    else allFinite = false;
  }
  const norm = Math.sqrt(sum);
  if (!allFinite) return { norm, isFinite: false };
  const coefficient = clip > 0 ? Math.min(1, clip / (norm + 1e-6)) : 1;
  for (let i = 0; i < params.length; i++) {
    const rate = lr * groups[2 * (i >> 6)]!;
    const decay = groups[2 * (i >> 6) + 1]!;
    const g = gradScale * coefficient * grads[i]!;
    params[i]! *= 1 - rate * decay;
    m[i] = beta1 * m[i]! + (1 - beta1) * g;
    v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
    const mHat = m[i]! / (1 - beta1 ** step);
    const vHat = v[i]! / (1 - beta2 ** step);
    params[i]! -= (rate * mHat) / (Math.sqrt(vHat) + eps);
  }
  return { norm, isFinite: true };
}
