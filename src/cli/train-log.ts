// What a run says as it goes, and the file of --log. One that cannot be begun is a mistake to be told at once; a disk that fills up
// later does not end a run.

import { appendFileSync, writeFileSync } from 'node:fs';
import type { TrainEvent, Trained } from '../engine/node.ts';

export interface LogFile {
  /** All of it anew. */
  begin(text: string): void;
  add(line: string): void;
}

export function openLogFile(file: string | undefined, say: (line: string) => void): LogFile {
  let hasBegun = false;
  let isBroken = file === undefined;
  const write = (how: (path: string, text: string) => void, text: string) => {
    if (isBroken) return;
    try {
      how(file!, text);
    } catch (error) {
      if (!hasBegun) throw new Error(`Cannot write "${file}": ${(error as Error).message}`);
      isBroken = true;
      say(`Cannot write "${file}": ${(error as Error).message}; the run goes on without it`);
    }
    hasBegun = true;
  };
  return { begin: (text) => write(writeFileSync, text), add: (line) => write(appendFileSync, line) };
}

/** The line of a step, nothing for another event. `adapter`: its name, where several are trained. */
export function logLine(event: TrainEvent, adapter?: string): string {
  if (event.type !== 'step') return '';
  const { step, loss, lr, gradNorm: grad_norm, tokens, ms } = event;
  const own = adapter === undefined ? {} : { adapter };
  return `${JSON.stringify({ ...own, step, loss, lr, grad_norm, tokens, ms: Math.round(ms * 100) / 100 })}\n`;
}

/** One log of several adapters: their steps in the order in which they were made, each once. */
export function sharedLog(file: LogFile) {
  let kept: { readonly adapter: string; readonly step: number; readonly line: string }[] = [];
  return {
    add(adapter: string, event: TrainEvent): void {
      if (event.type !== 'step') return;
      const line = logLine(event, adapter);
      kept.push({ adapter, step: event.step, line });
      file.add(line);
    },
    /** What `past` does not have of it is struck out; the others' steps stay. */
    goBack(adapter: string, past: readonly TrainEvent[]): void {
      const last = past.reduce((most, event) => (event.type === 'step' ? Math.max(most, event.step) : most), 0);
      kept = kept.filter((entry) => entry.adapter !== adapter || entry.step <= last);
      file.begin(kept.map(({ line }) => line).join(''));
    },
  };
}
export type SharedLog = ReturnType<typeof sharedLog>;

/** What was measured between two steps, in a line; nothing of another event. */
export function describeMeasure(event: TrainEvent): string | undefined {
  if (event.type === 'eval') return `validation loss ${event.loss.toFixed(4)} after step ${event.step}`;
  if (event.type !== 'forgetting') return undefined;
  const { step, loss, baseLoss, kl } = event;
  return `general text ${loss.toFixed(4)} (base ${baseLoss.toFixed(4)}, KL ${kl.toFixed(4)}) after step ${step}`;
}

/** What a run is told of its checkpoints, for `say`: a problem once, as long as it stays the same. */
export function sayProblems(say: (line: string) => void): (step: number, problem: string | undefined) => void {
  let last: string | undefined;
  return (step, problem) => {
    if (problem !== undefined && problem !== last) say(`Cannot keep step ${step}: ${problem}; the run goes on`);
    last = problem;
  };
}

/** How a run ended, in a line. */
export function describeEnd(
  { stopped, steps, finalLoss }: Pick<Trained['outcome'], 'stopped' | 'steps' | 'finalLoss'>,
  out: string,
): string {
  if (steps === 0) return `stopped before the first step; nothing was written to ${out}`;
  return `${stopped ? 'stopped' : 'done'} after ${steps} ${steps === 1 ? 'step' : 'steps'}, loss ${finalLoss.toFixed(4)}; adapter in ${out}`;
}
