import { useStore } from 'zustand';
import { baseStore } from '../base/base-store.ts';
import { Icon } from '../controls/icon.tsx';
import { Note, type WayOut } from '../controls/note.tsx';
import { clock, loss } from '../format.ts';
import { HowToUse } from '../library/how-to-use.tsx';
import { libraryStore, saveAdapter } from '../library/library-store.ts';
import { Unsaved } from '../library/unsaved.tsx';
import { chooseAdapter, showColumns } from '../play/play-store.ts';
import { runsStore } from '../runs/runs-store.ts';
import { goTo, placeHref } from '../shell/place-store.ts';
import { interruptedStore } from './interrupted-store.ts';
import { type RunFacts, runStore } from './run-store.ts';
import { verdictOf } from './run-verdict.ts';
import { changeSettings, settingsStore } from './settings-store.ts';
import { goOn } from './start-run.ts';
import { words } from './words.ts';

/** The run is over: what came of it and what to do with it. */
export function RunEnd() {
  const rate = useStore(settingsStore, (s) => s.settings.learningRate);
  const { phase, result, name, trainedMs, message, figures, members } = useStore(runStore);
  const points = useStore(runStore, (s) => s.points);
  if (members.length > 1) return <TogetherEnd members={members} />;
  if (phase === 'failed') return <Failed message={message ?? ''} />;
  const steps = result?.steps ?? figures.step;
  const line = phase === 'stopped' ? words.stoppedLine : words.doneLine;
  return (
    <div className="run-end">
      <div className="run-title">
        <h2 className="breaks">{name}</h2>
        <p className="hint number">{line(steps, clock(trainedMs))}.</p>
        {result?.validationLoss !== undefined && result.baseValidationLoss !== undefined && (
          <p className="hint number">{words.compared(loss(result.validationLoss), loss(result.baseValidationLoss))}.</p>
        )}
      </div>
      {result?.trouble !== undefined && (
        <Note title={words.wentBack} ways={[slower(rate)]}>
          {result.trouble}.
        </Note>
      )}
      {result && !result.trouble && (
        <Verdict verdict={verdictOf(points.evals, result)} rate={rate} runId={result.runId} />
      )}
      {result && <Unsaved id={result.adapterId} />}
      {result && (
        <div className="line run-actions">
          <button
            type="button"
            className="button button-main"
            onClick={() => {
              chooseAdapter(result.adapterId);
              goTo('play');
            }}
          >
            {words.tryIt}
          </button>
          <button type="button" className="button" onClick={() => void saveAdapter(result.adapterId)}>
            <Icon name="download" /> {words.download}
          </button>
        </div>
      )}
      {result && <Downloaded id={result.adapterId} />}
    </div>
  );
}

/** How to use the file, once it is downloaded. */
function Downloaded({ id }: { id: string }) {
  const adapter = useStore(libraryStore, (s) => s.adapters.find((one) => one.id === id));
  return adapter ? <HowToUse adapter={adapter} /> : null;
}

/** Several have ended: which is best, and all of them side by side. */
function TogetherEnd({ members }: { members: readonly RunFacts[] }) {
  const w = words.together;
  const kept = members.flatMap(({ result, name }) => (result ? [{ ...result, name }] : []));
  const judged = kept.filter(({ validationLoss }) => validationLoss !== undefined);
  const best = judged.toSorted((a, b) => a.validationLoss! - b.validationLoss!)[0];
  const isOneScale = new Set(judged.map(({ baseValidationLoss }) => baseValidationLoss?.toFixed(4))).size === 1;
  return (
    <div className="run-end">
      <div className="run-title">
        <h2>{w.title(members.length)}</h2>
        <p className="hint">{w.done(kept.length, members.length)}</p>
        {judged.length > 1 && (
          <p className="hint number breaks">
            {isOneScale && best?.baseValidationLoss !== undefined
              ? w.lowest(best.name, loss(best.validationLoss!), loss(best.baseValidationLoss))
              : w.unlike}
          </p>
        )}
      </div>
      {kept.map(({ adapterId }) => (
        <Unsaved key={adapterId} id={adapterId} />
      ))}
      {kept.length > 0 && (
        <div className="line run-actions">
          <button
            type="button"
            className="button button-main"
            onClick={() => {
              showColumns(kept.map(({ adapterId }) => adapterId));
              goTo('play');
            }}
          >
            {w.tryThem}
          </button>
        </div>
      )}
    </div>
  );
}

const slower = (learningRate: number): WayOut => ({
  label: words.fails.slower,
  onClick: () => changeSettings({ learningRate: Number((learningRate / 3).toPrecision(2)) }),
});

/** The curve may have fallen and the adapter be of no use: the rows held back tell. */
function Verdict(props: { verdict: ReturnType<typeof verdictOf>; rate: number; runId: string }) {
  const { verdict, rate, runId } = props;
  const w = words.verdict;
  if (verdict === undefined) return null;
  if (verdict.kind === 'worse')
    return (
      <Note warn title={w.worse} ways={[slower(rate)]}>
        {w.worseBody}
      </Note>
    );
  const states: WayOut = {
    label: w.states,
    onClick: () => {
      runsStore.setState({ opened: runId });
      location.hash = placeHref('train', 'runs');
    },
  };
  return (
    <Note warn title={w.tooLong(verdict.step, loss(verdict.loss))} ways={[states]}>
      {w.tooLongBody}
    </Note>
  );
}

/** Why it failed, and first of all what is not lost. */
function Failed({ message }: { message: string }) {
  const { batchSize, seqLen, learningRate } = useStore(settingsStore, (s) => s.settings);
  const kept = useStore(interruptedStore, (s) => s.run);
  const canGoOn = useStore(baseStore, (s) => kept !== undefined && s.report?.hash === kept.baseHash);
  const reload: WayOut = { label: words.fails.reload, onClick: () => location.reload() };
  const ways: WayOut[] = canGoOn ? [{ label: words.interrupted.goOn, onClick: () => void goOn() }] : [];
  if (/diverg|not finite|NaN|infinit/i.test(message)) ways.push(slower(learningRate));
  else {
    if (/device was lost|did not answer|gave up/.test(message)) ways.push(reload);
    if (batchSize > 1)
      ways.push({ label: words.fails.halve, onClick: () => changeSettings({ batchSize: Math.ceil(batchSize / 2) }) });
    if (seqLen > 16)
      ways.push({ label: words.fails.shorter, onClick: () => changeSettings({ seqLen: Math.ceil(seqLen / 2) }) });
  }
  const step = kept?.members.reduce((all, member) => all + member.step, 0);
  return (
    <Note title={words.failed} ways={ways.slice(0, 3)}>
      {message}. {step !== undefined && words.fails.kept(step)}
    </Note>
  );
}
