// One line that is rewritten in a terminal; a line every so often where output goes to a file.

import type { TrainEvent } from '../engine/node.ts';

type StepEvent = Extract<TrainEvent, { type: 'step' }>;

const WIDTH = 24;
/** Without a terminal, seconds between lines. */
const QUIET_SECONDS = 10;

export function progressBar(out: NodeJS.WriteStream) {
  let smoothed: number | undefined;
  let msPerStep: number | undefined;
  let last = 0;
  let line = '';
  return {
    update(e: StepEvent) {
      smoothed = smoothed === undefined ? e.loss : 0.9 * smoothed + 0.1 * e.loss;
      msPerStep = msPerStep === undefined ? e.ms : 0.8 * msPerStep + 0.2 * e.ms;
      const filled = Math.round((WIDTH * e.step) / e.totalSteps);
      const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
      const left = ((e.totalSteps - e.step) * msPerStep) / 1000;
      line = `${bar} ${e.step}/${e.totalSteps}  loss ${e.loss.toFixed(4)} (smoothed ${smoothed.toFixed(4)})  ${Math.round(e.tokens / (e.ms / 1000))} tokens/s  ${duration(left)} left`;
      if (out.isTTY) out.write(`\r\x1b[2K${line}`);
      else if (Date.now() - last > 1000 * QUIET_SECONDS || e.step === e.totalSteps) {
        last = Date.now();
        out.write(`${line}\n`);
      }
    },
    note(text: string) {
      out.write(out.isTTY ? `\r\x1b[2K${text}\n${line}` : `${text}\n`);
    },
    end() {
      if (out.isTTY) out.write('\n');
    },
  };
}

export function duration(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')} min`;
  return `${Math.floor(s / 3600)}:${String(Math.floor((s % 3600) / 60)).padStart(2, '0')} h`;
}
