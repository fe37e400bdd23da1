// Everything that a run has told so far, kept small, to be told again to whoever comes later: ten numbers a step would be a
// hundred bytes as an object, and eight hours have a million steps.

import type { EvalEvent, ForgettingEvent, RateEvent, RunEvent, StepEvent } from './protocol.ts';

const FIELDS = ['loss', 'lr', 'gradNorm', 'tokens', 'ms', 'epoch', 'totalSteps'] as const;

export class RunLog {
  private numbers = new Float64Array(FIELDS.length * 256);
  private steps = 0;
  private evals: EvalEvent[] = [];
  private rates: RateEvent[] = [];
  private forgetting: ForgettingEvent[] = [];
  /** Samples and faults, in their order. */
  private others: RunEvent[] = [];
  /** Of each kind the last one is all that holds. */
  private memory: RunEvent | undefined;
  private state: RunEvent | undefined;

  constructor(private readonly runId: string) {}

  take(event: RunEvent): void {
    if (event.type === 'step') this.addStep(event);
    else if (event.type === 'past') this.goBack(event.events);
    else if (event.type === 'eval') this.evals.push(event);
    else if (event.type === 'rate') this.rates.push(event);
    else if (event.type === 'forgetting')
      this.forgetting = [...this.forgetting.filter(({ step }) => step < event.step), event];
    else if (event.type === 'memory') this.memory = event;
    else if (event.type === 'state') this.state = event;
    else this.others.push(event);
  }

  /** What someone has to be told to know as much as those who have listened from the start. */
  get events(): readonly RunEvent[] {
    const { runId } = this;
    const steps = Array.from({ length: this.steps }, (_, i) => this.step(i));
    const past = [...steps, ...this.evals, ...this.rates].sort((a, b) => a.step - b.step);
    return [
      { type: 'past', runId, events: past },
      ...this.forgetting,
      ...this.others,
      ...[this.memory, this.state].filter((event) => event !== undefined),
    ];
  }

  private addStep(event: StepEvent): void {
    const at = FIELDS.length * this.steps;
    if (at === this.numbers.length) {
      const more = new Float64Array(2 * at);
      more.set(this.numbers);
      this.numbers = more;
    }
    for (const [i, field] of FIELDS.entries()) this.numbers[at + i] = event[field];
    this.steps++;
  }

  private step(index: number): StepEvent {
    const at = FIELDS.length * index;
    const values = Object.fromEntries(FIELDS.map((field, i) => [field, this.numbers[at + i]!])) as Pick<
      StepEvent,
      (typeof FIELDS)[number]
    >;
    return { type: 'step', runId: this.runId, step: index + 1, ...values };
  }

  /** The run stands where these events end. */
  private goBack(events: Extract<RunEvent, { type: 'past' }>['events']): void {
    this.steps = 0;
    this.evals = [];
    this.rates = [];
    for (const event of events) this.take(event);
    const { steps } = this;
    this.forgetting = this.forgetting.filter(({ step }) => step <= steps);
    this.others = this.others.filter((event) => event.type !== 'sample' || event.step <= steps);
  }
}
