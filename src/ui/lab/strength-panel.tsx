import { useState } from 'react';
import { useStore } from 'zustand';
import type { AdapterRecord, StrengthPoint } from '../../engine/protocol.ts';
import { Slider } from '../controls/slider.tsx';
import { loss } from '../format.ts';
import { labStore, measureStrengths, stopMeasuring } from './lab-store.ts';
import { Plot } from './plot.tsx';
import { words } from './words.ts';

const w = words.strength;

/** What the base has forgotten at each strength of the adapter, beside what the adapter has learned. */
export function StrengthPanel({ adapter, canMeasure }: { adapter: AdapterRecord; canMeasure: boolean }) {
  const { strengths, strengthRows, busy } = useStore(labStore);
  const [at, setAt] = useState<number>();
  const index = Math.min(at ?? indexOfOne(strengths), strengths.length - 1);
  const point = strengths[index];
  return (
    <section className="card stack-tight" aria-labelledby="lab-strength">
      <h2 id="lab-strength">{w.title}</h2>
      <p className="soft small">{w.lead}</p>
      {strengths.length > 1 && <Curve points={strengths} chosen={point} />}
      {point && (
        <>
          <Slider
            name={w.slider}
            value={index}
            min={0}
            max={Math.max(1, strengths.length - 1)}
            step={1}
            says={w.says(point.strength)}
            onChange={setAt}
          />
          <Facts point={point} />
          <Numbers points={strengths} />
          <p className="small soft number">
            {w.on(point.tokens)}{' '}
            {strengthRows ? words.rank.on(strengthRows.rows, strengthRows.isHeldBack) : busy ? '' : w.noTask} {w.tip}
          </p>
        </>
      )}
      {canMeasure ? (
        <div className="line">
          {busy === 'strengths' ? (
            <>
              <button type="button" className="button" onClick={stopMeasuring}>
                {words.rank.stop}
              </button>
              <span className="small soft number">{w.measuring(strengths.length)}</span>
            </>
          ) : (
            <button
              type="button"
              className="button"
              disabled={busy !== undefined}
              onClick={() => void measureStrengths(adapter.id)}
            >
              {w.measure}
            </button>
          )}
        </div>
      ) : (
        <p className="small soft">{w.needs}</p>
      )}
    </section>
  );
}

function Curve({ points, chosen }: { points: readonly StrengthPoint[]; chosen: StrengthPoint | undefined }) {
  const hasTask = points.every(({ taskLoss }) => taskLoss !== undefined);
  const list = points.map(
    ({ strength, taskLoss, kl }) =>
      `${strength}: ${words.digits(kl)}${taskLoss === undefined ? '' : `, ${loss(taskLoss)}`}`,
  );
  return (
    <Plot
      says={hasTask ? w.plotTask(list.join('; ')) : w.plotKl(list.join('; '))}
      points={points.map(({ strength, taskLoss, kl }) => ({
        x: hasTask ? kl : strength,
        y: hasTask ? taskLoss! : kl,
        label: String(strength),
        isBase: strength === 0,
      }))}
      chosen={chosen && String(chosen.strength)}
      xName={hasTask ? w.axisKl : w.axisStrength}
      yName={hasTask ? w.axisTask : w.axisDistance}
      text={hasTask ? loss : words.digits}
    />
  );
}

function Facts({ point }: { point: StrengthPoint }) {
  const facts = [
    [w.task, point.taskLoss === undefined ? w.none : loss(point.taskLoss)],
    [w.general, loss(point.loss)],
    [w.kl, words.digits(point.kl)],
  ] as const;
  return (
    <div aria-live="polite">
      <h3>{w.at(point.strength)}</h3>
      <dl className="lab-facts number">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt className="small soft">{name}</dt>
            <dd>
              {value} {value !== w.none && <span className="small soft">{w.nats}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Numbers({ points }: { points: readonly StrengthPoint[] }) {
  return (
    <table className="lab-table number small">
      <thead>
        <tr>
          {[w.column, w.task, w.general, w.kl].map((name) => (
            <th scope="col" key={name}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {points.map(({ strength, taskLoss, loss: general, kl }) => (
          <tr key={strength}>
            <td>{strength}</td>
            <td>{taskLoss === undefined ? '–' : loss(taskLoss)}</td>
            <td>{loss(general)}</td>
            <td>{words.digits(kl)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** As it was trained; the last one until that is measured. */
function indexOfOne(points: readonly StrengthPoint[]): number {
  const at = points.findIndex(({ strength }) => strength === 1);
  return at < 0 ? points.length - 1 : at;
}
