import { useMemo } from 'react';
import { useStore } from 'zustand';
import { baseStore } from '../base/base-store.ts';
import { runningHere, runStore, wholePhase } from '../train/run-store.ts';
import { AnswerBox } from './answer-box.tsx';
import { askThis } from './ask-chips.tsx';
import { Asking } from './asking.tsx';
import { blindStore, shuffled, vote } from './blind-store.ts';
import { BlindTally } from './blind-tally.tsx';
import { Trouble } from './chat.tsx';
import { type Column, playStore } from './play-store.ts';
import { useQuestions } from './questions.ts';
import type { Turn } from './talk.ts';
import { blindTalk } from './talks.ts';
import { titleOf } from './who.ts';
import { words } from './words.ts';

/** Answers without names, in an order by lot; names come with the vote. */
export function BlindTest() {
  const columns = useStore(playStore, (s) => s.columns);
  const turn = useStore(blindTalk.store, (s) => s.turns.at(-1));
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new lot for each question
  const order = useMemo(() => shuffled(columns), [columns, turn?.id]);
  if (columns.length < 2) return <p className="card soft">{words.blind.needsTwo}</p>;
  return (
    <section className="stack" aria-label={words.modeName.blind}>
      <div className="card stack">
        <Asking talk={blindTalk} columns={order} rows={3}>
          <NextQuestion columns={order} />
        </Asking>
        <Trouble talk={blindTalk} columns={order} />
        {turn && <Contest turn={turn} />}
      </div>
      <BlindTally columns={columns} />
    </section>
  );
}

/** Twenty votes need twenty questions: the data has them. */
function NextQuestion({ columns }: { columns: readonly Column[] }) {
  const questions = useQuestions(columns);
  const isAsking = useStore(blindTalk.store, (s) => s.isAsking);
  const hasBase = useStore(baseStore, (s) => s.status === 'open');
  const last = useStore(blindTalk.store, (s) => s.turns.at(-1)?.prompt);
  const next = questions[(questions.indexOf(last ?? '') + 1) % questions.length];
  if (next === undefined) return null;
  return (
    <button
      type="button"
      className="button"
      disabled={isAsking || !hasBase}
      onClick={() => askThis(blindTalk, columns, next)}
    >
      {words.blind.next}
    </button>
  );
}

function Contest({ turn }: { turn: Turn }) {
  const voted = useStore(blindStore, (s) => s.voted);
  const isRunning = useStore(runStore, (s) => runningHere(s) && wholePhase(s) !== 'paused');
  const isOpen = voted?.turn !== turn.id;
  const isComplete = turn.answers.every(({ state }) => state === 'done');
  return (
    <div className="turn">
      <h2 className="turn-prompt breaks" dir="auto">
        {turn.prompt}
      </h2>
      <div className={`answers answers-${turn.answers.length}`}>
        {turn.answers.map((answer, i) => (
          <AnswerBox
            key={answer.key}
            kind={isOpen ? 'hidden' : answer.who.adapterId === null ? 'base' : 'adapter'}
            whose={isOpen ? words.blind.answer(i) : words.blind.revealed(i, titleOf(answer.who))}
            answer={answer}
            empty=""
            isRunning={isRunning}
          />
        ))}
      </div>
      <fieldset className="line blind-vote" aria-label={words.blind.vote}>
        {isOpen ? (
          <>
            {turn.answers.map((answer, i) => (
              <button
                key={answer.key}
                type="button"
                className="button"
                disabled={!isComplete}
                onClick={() => vote(turn.id, turn.answers, i)}
              >
                {words.blind.better(i)}
              </button>
            ))}
            <button
              type="button"
              className="button"
              disabled={!isComplete}
              onClick={() => vote(turn.id, turn.answers, undefined)}
            >
              {words.blind.equal}
            </button>
          </>
        ) : (
          <p role="status">
            {voted?.winner === undefined
              ? words.blind.wasEqual
              : words.blind.winner(titleOf(turn.answers[voted.winner]!.who))}
          </p>
        )}
      </fieldset>
    </div>
  );
}
