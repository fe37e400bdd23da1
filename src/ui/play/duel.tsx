import { useStore } from 'zustand';
import { RUNNING_ADAPTER, runningAdapter } from '../../engine/protocol.ts';
import { libraryStore } from '../library/library-store.ts';
import { isGoing, runningHere, runStore } from '../train/run-store.ts';
import { AnswerBox } from './answer-box.tsx';
import { AskChips } from './ask-chips.tsx';
import { Asking } from './asking.tsx';
import { Answers, Trouble } from './chat.tsx';
import { type Column, chosenAdapter, playStore } from './play-store.ts';
import { quickTalk } from './talks.ts';
import { nameBefore } from './who.ts';
import { words } from './words.ts';
import './play.css';

/** One question to the base and to the adapter at hand: that of the run while it goes on, else the chosen one. */
export function Duel() {
  const columns = useDuelColumns();
  const turn = useStore(quickTalk.store, (s) => s.turns.at(-1));
  return (
    <section className="card duel" aria-label={words.title}>
      <h2>{words.small}</h2>
      <Asking talk={quickTalk} columns={columns} rows={2} />
      <Trouble talk={quickTalk} columns={columns} />
      {turn ? (
        <>
          <p className="duel-asked breaks">{turn.prompt}</p>
          <Answers answers={turn.answers} />
        </>
      ) : (
        <>
          <AskChips talk={quickTalk} columns={columns} most={2} />
          <NoAnswers adapter={columns[1]} />
        </>
      )}
    </section>
  );
}

function useDuelColumns(): readonly Column[] {
  // Of several in training the one that is looked at, if it goes on.
  const runningId = useStore(runStore, (s) => {
    if (!runningHere(s)) return undefined;
    return isGoing(s) && s.runId ? runningAdapter(s.runId) : RUNNING_ADAPTER;
  });
  const chosen = useStore(playStore, (s) => chosenAdapter(s.columns));
  const adapter = runningId ? { key: 1, adapterId: runningId, strength: 1 } : chosen && { ...chosen, key: 1 };
  return [{ key: 0, adapterId: null, strength: 1 }, ...(adapter ? [adapter] : [])];
}

function NoAnswers({ adapter }: { adapter: Column | undefined }) {
  const hasAdapters = useStore(libraryStore, (s) => s.adapters.length > 0);
  return (
    <div className="answers answers-2">
      <AnswerBox kind="base" whose={words.base} answer={undefined} empty={words.emptyBase} />
      <AnswerBox
        kind="adapter"
        whose={adapter ? nameBefore(adapter.adapterId) : words.adapter}
        answer={undefined}
        empty={hasAdapters || adapter ? words.emptyAdapter : words.noAdapterYet}
      />
    </div>
  );
}
