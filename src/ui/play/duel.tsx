import { useStore } from 'zustand';
import { Note } from '../controls/note.tsx';
import { libraryStore } from '../library/library-store.ts';
import { goTo } from '../shell/place-store.ts';
import { AnswerBox } from './answer-box.tsx';
import { Asking } from './asking.tsx';
import { PlaySettings, StrengthField } from './play-settings.tsx';
import { type Answer, ask, playStore } from './play-store.ts';
import { words } from './words.ts';
import './play.css';

/** Base and adapter side by side; `small` stands in the Train place, one above the other. */
export function Duel({ small = false }: { small?: boolean }) {
  const asked = useStore(playStore, (s) => s.asked);
  const problem = useStore(playStore, (s) => s.problem);
  return (
    <section className={small ? 'card duel duel-small' : 'card duel'} aria-label={words.title}>
      <header>
        {small ? <h2>{words.small}</h2> : <h1>{words.title}</h1>}
        {!small && <p className="soft">{words.lead}</p>}
      </header>
      <Asking small={small} />
      {small && <StrengthField />}
      {problem && (
        <Note
          title={words.failed}
          ways={[
            { label: words.again, onClick: () => void ask() },
            { label: words.toBase, onClick: () => goTo('base') },
          ]}
        >
          {problem}.
        </Note>
      )}
      {asked && <p className="duel-asked breaks">{asked.prompt}</p>}
      <Answers />
      {!small && <PlaySettings />}
    </section>
  );
}

function Answers() {
  const answers = useStore(playStore, (s) => s.answers);
  const asked = useStore(playStore, (s) => s.asked);
  const chosen = useStore(playStore, (s) => s.adapterId);
  const adapters = useStore(libraryStore, (s) => s.adapters);
  const adapterId = asked ? asked.adapterId : chosen;
  const name = adapters.find((adapter) => adapter.id === adapterId)?.name;
  const whose = name ? words.withAdapter(name, String(asked?.strength ?? 1)) : words.adapter;
  return (
    <div className="duel-answers">
      <AnswerBox kind="base" whose={words.base} answer={answers[0]} empty={words.emptyBase} />
      <AnswerBox
        kind="adapter"
        whose={whose}
        answer={answers[1] as Answer | undefined}
        empty={adapters.length > 0 ? words.emptyAdapter : words.noAdapterYet}
      />
    </div>
  );
}
