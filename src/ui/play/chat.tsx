import { useEffect, useRef } from 'react';
import { useStore } from 'zustand';
import { baseStore } from '../base/base-store.ts';
import { Note } from '../controls/note.tsx';
import { dataStore } from '../data/data-store.ts';
import { libraryStore } from '../library/library-store.ts';
import { goTo, placeHref } from '../shell/place-store.ts';
import { runningHere, runStore, wholePhase } from '../train/run-store.ts';
import { AnswerBox } from './answer-box.tsx';
import { AskChips } from './ask-chips.tsx';
import { Asking } from './asking.tsx';
import { type Column, playStore } from './play-store.ts';
import type { Answer, Talk, Turn } from './talk.ts';
import { chatTalk } from './talks.ts';
import { titleOf } from './who.ts';
import { words } from './words.ts';

/** A talk with all columns; the field for the next question stays within reach. */
export function Chat() {
  const turns = useStore(chatTalk.store, (s) => s.turns);
  const columns = useStore(playStore, (s) => s.columns);
  const end = useFollowing(turns);
  return (
    <section className="chat" aria-label={words.talk}>
      {turns.length === 0 ? <Start columns={columns} /> : turns.map((turn) => <TurnView key={turn.id} turn={turn} />)}
      <Trouble talk={chatTalk} columns={columns} />
      <div className="chat-ask card" ref={end}>
        <Asking talk={chatTalk} columns={columns} rows={2}>
          {turns.length > 0 && (
            <button type="button" className="button button-plain chat-new" onClick={() => chatTalk.clear()}>
              {words.newTalk}
            </button>
          )}
        </Asking>
      </div>
    </section>
  );
}

/** What went wrong with the last question, and what can be done. */
export function Trouble({ talk, columns }: { talk: Talk; columns: readonly Column[] }) {
  const problem = useStore(talk.store, (s) => s.problem);
  if (!problem) return null;
  const isFull = /tokens/.test(problem);
  return (
    <Note
      title={words.failed}
      ways={[
        ...(isFull ? [{ label: words.newTalk, onClick: () => talk.clear() }] : []),
        { label: words.again, onClick: () => void talk.ask(columns) },
        { label: words.toBase, onClick: () => goTo('base') },
      ]}
    >
      {words.sentence(problem)}
    </Note>
  );
}

function TurnView({ turn }: { turn: Turn }) {
  return (
    <div className="turn">
      <h2 className="turn-prompt breaks" dir="auto">
        <span className="unseen">{words.you}</span>
        {turn.prompt}
      </h2>
      <Answers answers={turn.answers} />
    </div>
  );
}

export function Answers({ answers }: { answers: readonly Answer[] }) {
  const isRunning = useStore(runStore, (s) => runningHere(s) && wholePhase(s) !== 'paused');
  return (
    <div className={`answers answers-${answers.length}`}>
      {answers.map((answer) => (
        <AnswerBox
          key={answer.key}
          kind={answer.who.adapterId === null ? 'base' : 'adapter'}
          whose={titleOf(answer.who)}
          answer={answer}
          empty={words.emptyBase}
          isRunning={isRunning}
        />
      ))}
    </div>
  );
}

function Start({ columns }: { columns: readonly Column[] }) {
  const hasAdapters = useStore(libraryStore, (s) => s.adapters.length > 0);
  const hasBase = useStore(baseStore, (s) => s.status === 'open');
  const hasData = useStore(dataStore, (s) => s.status !== 'none');
  return (
    <div className="chat-start">
      <p className="soft">{hasAdapters ? words.start(columns.length) : words.startBase}</p>
      {!hasAdapters && hasBase && !hasData && (
        <a className="button" href={placeHref('data')}>
          {words.toData}
        </a>
      )}
      <AskChips talk={chatTalk} columns={columns} most={4} />
    </div>
  );
}

/** Keeps the end in sight while answers grow, unless the reader has scrolled up. */
function useFollowing(turns: readonly Turn[]) {
  const end = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    const look = () => {
      isAtEnd.current = innerHeight + scrollY >= document.documentElement.scrollHeight - 80;
    };
    addEventListener('scroll', look, { passive: true });
    return () => removeEventListener('scroll', look);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: every new word is a reason to look
  useEffect(() => {
    if (isAtEnd.current && chatTalk.store.getState().isAsking) scrollTo(0, document.documentElement.scrollHeight);
  }, [turns]);
  return end;
}
