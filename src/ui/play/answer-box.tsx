import { useState } from 'react';
import { useStore } from 'zustand';
import type { AnswerPiece } from '../../engine/protocol.ts';
import { CopyButton } from '../controls/copy-button.tsx';
import { rate } from '../format.ts';
import { AnswerText } from './answer-text.tsx';
import { PieceFacts } from './piece-facts.tsx';
import { playStore } from './play-store.ts';
import type { Answer } from './talk.ts';
import { words } from './words.ts';

export interface AnswerBoxProps {
  /** `hidden`: nothing gives away whose it is. */
  readonly kind: 'base' | 'adapter' | 'hidden';
  readonly whose: string;
  readonly answer: Answer | undefined;
  readonly empty: string;
  readonly isRunning?: boolean;
}

export function AnswerBox({ kind, whose, answer, empty, isRunning = false }: AnswerBoxProps) {
  const showsDoubt = useStore(playStore, (s) => s.showsDoubt) && kind !== 'hidden';
  const [shown, setShown] = useState<AnswerPiece>();
  const hasPieces = showsDoubt && (answer?.pieces.length ?? 0) > 0;
  return (
    <article className={`answer answer-${kind}`} aria-label={whose} aria-busy={answer?.state === 'streaming'}>
      <header className="answer-head">
        <h3 className="breaks">
          <i className="answer-dot" aria-hidden="true" />
          {whose}
        </h3>
        {answer?.state === 'done' && answer.text !== '' && <CopyButton text={answer.text} what={words.copy(whose)} />}
      </header>
      <p className="hint number answer-meta">{answer ? metaOf(answer) : ''}</p>
      <AnswerText answer={answer} empty={empty} isRunning={isRunning} showsDoubt={hasPieces} onPiece={setShown} />
      {hasPieces && <PieceFacts piece={shown} />}
    </article>
  );
}

function metaOf({ state, reason, tokensPerSecond }: Answer): string {
  const speed = tokensPerSecond > 0 ? words.speed(rate(tokensPerSecond)) : undefined;
  return state === 'waiting' ? '' : [speed, reason && words.reason[reason]].filter(Boolean).join(' · ');
}
