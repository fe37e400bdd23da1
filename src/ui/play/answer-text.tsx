import { type KeyboardEvent, memo, useState } from 'react';
import type { AnswerPiece } from '../../engine/protocol.ts';
import { percent } from '../format.ts';
import type { Answer } from './talk.ts';
import { words } from './words.ts';

export function AnswerText(props: {
  answer: Answer | undefined;
  empty: string;
  isRunning: boolean;
  showsDoubt: boolean;
  onPiece: (piece: AnswerPiece) => void;
}) {
  const { answer } = props;
  if (!answer) return <p className="soft">{props.empty}</p>;
  if (answer.state === 'waiting')
    return <p className="soft">{props.isRunning ? words.waitingForStep : words.waiting}</p>;
  if (answer.state === 'done' && answer.text === '') return <p className="soft">{words.emptyAnswer}</p>;
  const caret = answer.state === 'streaming' && <span className="answer-caret" aria-hidden="true" />;
  if (!props.showsDoubt)
    return (
      <p className="answer-text" dir="auto">
        {answer.text}
        {caret}
      </p>
    );
  return <Pieces pieces={answer.pieces} onPiece={props.onPiece} caret={caret} />;
}

/** One stop of the Tab key; the arrow keys go from token to token. */
function Pieces(props: {
  pieces: readonly AnswerPiece[];
  onPiece: (piece: AnswerPiece) => void;
  caret: React.ReactNode;
}) {
  const { pieces, onPiece } = props;
  const [at, setAt] = useState(0);

  function onKey(event: KeyboardEvent<HTMLElement>) {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -pieces.length, End: pieces.length }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(pieces.length - 1, at + step));
    setAt(next);
    event.currentTarget.querySelectorAll<HTMLElement>('.piece')[next]?.focus();
  }

  return (
    <div className="answer-text" dir="auto" role="toolbar" aria-label={words.tokens} onKeyDown={onKey}>
      {pieces.map((piece, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an answer only grows at its end
        <Piece key={i} piece={piece} isStop={i === at} onPiece={onPiece} />
      ))}
      {props.caret}
    </div>
  );
}

/** From 0, sure, to 4: five shades, each with its share in words for those who do not see them. */
function doubtOf(probability: number): number {
  return [0.8, 0.5, 0.2, 0.05].filter((limit) => probability < limit).length;
}

const Piece = memo(function Piece(props: {
  piece: AnswerPiece;
  isStop: boolean;
  onPiece: (piece: AnswerPiece) => void;
}) {
  const { piece, isStop, onPiece } = props;
  return (
    // A button is a box of its own, which breaks the text around it; a span flows with it.
    // biome-ignore lint/a11y/useSemanticElements: see above
    <span
      role="button"
      className={`piece piece-doubt-${doubtOf(piece.probability)}`}
      tabIndex={isStop ? 0 : -1}
      aria-label={words.pieceLabel(piece.text, percent(piece.probability))}
      onFocus={() => onPiece(piece)}
      onMouseEnter={() => onPiece(piece)}
    >
      {piece.text}
    </span>
  );
});
