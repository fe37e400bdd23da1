// The points of one run's curve in typed arrays that grow, outside React: the chart reads them once a frame.
// `smooth` is an exponential moving average (each step keeps 90 % of the last), corrected for its start from zero.

const KEEP = 0.9;
/** Speed and time left are averages of this many steps: shorter jumps about, longer lags behind. */
const RECENT = 20;

export class RunPoints {
  /** Grows with each change; equal versions are equal curves. */
  version = 0;
  count = 0;
  evalCount = 0;
  steps = new Float64Array(256);
  loss = new Float64Array(256);
  smooth = new Float64Array(256);
  evalSteps = new Float64Array(32);
  evalLoss = new Float64Array(32);
  #average = 0;
  #recentMs: number[] = [];
  #recentTokens: number[] = [];

  addStep(step: number, loss: number, ms: number, tokens: number): void {
    if (this.count === this.steps.length) {
      this.steps = doubled(this.steps);
      this.loss = doubled(this.loss);
      this.smooth = doubled(this.smooth);
    }
    const i = this.count++;
    this.steps[i] = step;
    this.loss[i] = loss;
    this.#average = KEEP * this.#average + (1 - KEEP) * loss;
    this.smooth[i] = this.#average / (1 - KEEP ** this.count);
    push(this.#recentMs, ms);
    push(this.#recentTokens, tokens);
    this.version++;
  }

  addEval(step: number, loss: number): void {
    if (this.evalCount === this.evalSteps.length) {
      this.evalSteps = doubled(this.evalSteps);
      this.evalLoss = doubled(this.evalLoss);
    }
    this.evalSteps[this.evalCount] = step;
    this.evalLoss[this.evalCount++] = loss;
    this.version++;
  }

  get lastSmooth(): number | undefined {
    return this.count > 0 ? this.smooth[this.count - 1] : undefined;
  }

  get lastEval(): number | undefined {
    return this.evalCount > 0 ? this.evalLoss[this.evalCount - 1] : undefined;
  }

  /** Validated before the first step, the adapter is still nothing: that is the base's own loss. */
  get baseEval(): number | undefined {
    return this.evalCount > 0 && this.evalSteps[0] === 0 ? this.evalLoss[0] : undefined;
  }

  get msPerStep(): number | undefined {
    return this.#recentMs.length > 0 ? sum(this.#recentMs) / this.#recentMs.length : undefined;
  }

  get tokensPerSecond(): number | undefined {
    const ms = sum(this.#recentMs);
    return ms > 0 ? (sum(this.#recentTokens) / ms) * 1000 : undefined;
  }
}

function doubled(from: Float64Array): Float64Array<ArrayBuffer> {
  const into = new Float64Array(from.length * 2);
  into.set(from);
  return into;
}

function push(list: number[], value: number): void {
  list.push(value);
  if (list.length > RECENT) list.shift();
}

const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
