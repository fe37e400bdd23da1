import { useStore } from 'zustand';
import { bytes, clock, clockUnit, loss, rate } from '../format.ts';
import { type Figures, type Phase, runStore } from './run-store.ts';
import { words } from './words.ts';

interface Figure {
  readonly value: string;
  readonly name: string;
  readonly look?: string;
}

function read(figures: Figures, phase: Phase, trainedMs: number): Figure[] {
  const w = words.figures;
  const isOver = phase === 'done' || phase === 'stopped' || phase === 'failed';
  const time = isOver ? trainedMs : figures.msLeft;
  const unit = clockUnit(time ?? 0);
  const orNone = (value: number | undefined, say: (n: number) => string) => (value === undefined ? w.none : say(value));
  return [
    { value: orNone(figures.loss, loss), name: w.loss },
    { value: orNone(figures.validation, loss), name: w.validation, look: 'figure-validation' },
    { value: orNone(figures.tokensPerSecond, rate), name: w.speed },
    { value: orNone(time, clock), name: isOver ? w.took(unit) : w.left(unit) },
    { value: orNone(figures.memoryBytes, bytes), name: w.memory },
  ];
}

export function RunFigures() {
  const figures = useStore(runStore, (s) => s.figures);
  const phase = useStore(runStore, (s) => s.phase);
  const trainedMs = useStore(runStore, (s) => s.trainedMs);
  return (
    <dl className="figures number">
      {read(figures, phase, trainedMs).map((figure) => (
        <div key={figure.name} className={figure.look}>
          <dt>{figure.name}</dt>
          <dd>{figure.value}</dd>
        </div>
      ))}
    </dl>
  );
}
