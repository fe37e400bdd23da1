import { Icon } from '../controls/icon.tsx';
import { rate } from '../format.ts';
import { announce } from '../shell/trouble-store.ts';
import type { Answer } from './play-store.ts';
import { words } from './words.ts';

export function AnswerBox(props: {
  kind: 'base' | 'adapter';
  whose: string;
  answer: Answer | undefined;
  empty: string;
}) {
  const { kind, whose, answer } = props;
  return (
    <article className={`answer answer-${kind}`} aria-label={whose} aria-busy={answer?.state === 'streaming'}>
      <header className="answer-head">
        <h2 className="breaks">
          <i className="answer-dot" aria-hidden="true" />
          {whose}
        </h2>
        {answer?.state === 'done' && answer.text !== '' && <Copy text={answer.text} whose={whose} />}
      </header>
      <AnswerText answer={answer} empty={props.empty} />
      <p className="hint number answer-foot">
        {answer && answer.state !== 'waiting' && words.speed(rate(answer.tokensPerSecond))}
        {answer?.reason && ` · ${words.reason[answer.reason]}`}
      </p>
    </article>
  );
}

function AnswerText({ answer, empty }: { answer: Answer | undefined; empty: string }) {
  if (!answer) return <p className="soft">{empty}</p>;
  if (answer.state === 'waiting') return <p className="soft">{words.waiting}</p>;
  if (answer.state === 'done' && answer.text === '') return <p className="soft">{words.emptyAnswer}</p>;
  return (
    <p className="answer-text" dir="auto">
      {answer.text}
      {answer.state === 'streaming' && <span className="answer-caret" aria-hidden="true" />}
    </p>
  );
}

function Copy({ text, whose }: { text: string; whose: string }) {
  const label = words.copy(whose);
  return (
    <button
      type="button"
      className="button button-plain button-icon"
      aria-label={label}
      title={label}
      onClick={() => void navigator.clipboard.writeText(text).then(() => announce(words.copied))}
    >
      <Icon name="copy" />
    </button>
  );
}
