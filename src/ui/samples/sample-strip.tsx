import { useEffect, useRef } from 'react';
import type { SampleEvent } from '../../engine/protocol.ts';
import { words } from './words.ts';
import './samples.css';

export type Sample = Pick<SampleEvent, 'step' | 'whose' | 'texts'>;

/** What base and adapter said to the same questions, from left to right as the run went on. */
export function SampleStrips({ prompts, samples }: { prompts: readonly string[]; samples: readonly Sample[] }) {
  const base = samples.find(({ whose }) => whose === 'base');
  const moments = samples.filter(({ whose }) => whose === 'adapter');
  return (
    <div className="stack-tight">
      {prompts.map((prompt, i) => (
        <div className="sample-prompt" key={prompt}>
          <p className="sample-asked breaks">{prompt}</p>
          <Strip
            says={words.strip(prompt)}
            answers={[
              ...(base ? [{ kind: 'base', who: words.base, text: base.texts[i] ?? '' }] : []),
              ...moments.map(({ step, texts }) => ({
                kind: 'adapter',
                who: words.after(step),
                text: texts[i] ?? '',
              })),
            ]}
          />
        </div>
      ))}
    </div>
  );
}

interface Said {
  readonly kind: string;
  readonly who: string;
  readonly text: string;
}

/** Scrolls to the newest answer by itself, unless someone reads an older one. */
function Strip({ says, answers }: { says: string; answers: readonly Said[] }) {
  const ref = useRef<HTMLUListElement>(null);
  const isAtEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: when an answer has come
  useEffect(() => {
    if (ref.current && isAtEnd.current) ref.current.scrollLeft = ref.current.scrollWidth;
  }, [answers.length]);
  return (
    <ul
      className="sample-strip"
      ref={ref}
      aria-label={says}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
      tabIndex={0}
      onScroll={({ currentTarget: { scrollLeft, scrollWidth, clientWidth } }) => {
        isAtEnd.current = scrollLeft + clientWidth > scrollWidth - 40;
      }}
    >
      {answers.length === 0 && <li className="sample-answer soft">{words.waiting}</li>}
      {answers.map(({ kind, who, text }) => (
        <li className={`sample-answer sample-${kind}`} key={`${kind} ${who}`}>
          <span className="sample-who number">{who}</span>
          <span className="sample-text breaks">{text.trim() === '' ? words.empty : text}</span>
        </li>
      ))}
    </ul>
  );
}
