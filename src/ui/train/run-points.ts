// The curves of one run in typed arrays that grow, outside React: the charts read them once a frame.
// `smooth` is an exponential moving average (each step keeps 90 % of the last), corrected for its start from zero.
import type { EvalEvent, RateEvent, StepEvent } from '../../engine/protocol.ts';
import { Series } from '../charts/series.ts';

const KEEP = 0.9;
/** Speed and time left are averages of this many steps: shorter jumps about, longer lags behind. */
const RECENT = 20;

/** Step n lies at entry n − 1 of every series. */
export class RunPoints {
  /** Grows with each change; equal versions are equal curves. */
  version = 0;
  readonly loss = new Series();
  readonly smooth = new Series();
  readonly lr = new Series();
  readonly gradNorm = new Series();
  /** Tokens a second, averaged over the last steps. */
  readonly speed = new Series();
  readonly ms = new Series();
  readonly tokens = new Series();
  readonly evals: { readonly step: number; readonly loss: number }[] = [];
  readonly rates: { readonly step: number; readonly learningRate: number }[] = [];
  #average = 0;
  #recentMs: number[] = [];
  #recentTokens: number[] = [];

  addStep({ loss, lr, gradNorm, ms, tokens }: Pick<StepEvent, 'loss' | 'lr' | 'gradNorm' | 'ms' | 'tokens'>): void {
    this.loss.add(loss);
    this.#average = KEEP * this.#average + (1 - KEEP) * loss;
    this.smooth.add(this.#average / (1 - KEEP ** this.loss.count));
    this.lr.add(lr);
    this.gradNorm.add(gradNorm);
    this.ms.add(ms);
    this.tokens.add(tokens);
    push(this.#recentMs, ms);
    push(this.#recentTokens, tokens);
    this.speed.add(this.tokensPerSecond ?? 0);
    this.version++;
  }

  addEval({ step, loss }: Pick<EvalEvent, 'step' | 'loss'>): void {
    this.evals.push({ step, loss });
    this.version++;
  }

  addRate({ step, learningRate }: Pick<RateEvent, 'step' | 'learningRate'>): void {
    this.rates.push({ step, learningRate });
    this.version++;
  }

  get count(): number {
    return this.loss.count;
  }

  get lastEval(): number | undefined {
    return this.evals.at(-1)?.loss;
  }

  /** Validated before the first step, the adapter is still nothing: that is the base's own loss. */
  get baseEval(): number | undefined {
    return this.evals[0]?.step === 0 ? this.evals[0].loss : undefined;
  }

  get msPerStep(): number | undefined {
    return this.#recentMs.length > 0 ? sum(this.#recentMs) / this.#recentMs.length : undefined;
  }

  get tokensPerSecond(): number | undefined {
    const ms = sum(this.#recentMs);
    return ms > 0 ? (sum(this.#recentTokens) / ms) * 1000 : undefined;
  }
}

function push(list: number[], value: number): void {
  list.push(value);
  if (list.length > RECENT) list.shift();
}

const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
