import { useStore } from 'zustand';
import { Choice } from '../controls/choice.tsx';
import { BlindTest } from './blind.tsx';
import { Chat } from './chat.tsx';
import { Evaluate } from './evaluate.tsx';
import { PlaySettings } from './play-settings.tsx';
import { changePlay, PLAY_MODES, type PlayMode, playStore } from './play-store.ts';
import { WhoAnswers } from './who-answers.tsx';
import { words } from './words.ts';
import './play.css';

const MODE = { chat: Chat, blind: BlindTest, evaluate: Evaluate } satisfies Record<PlayMode, () => React.ReactNode>;

export function PlayPlace() {
  const mode = useStore(playStore, (s) => s.mode);
  const Shown = MODE[mode];
  return (
    <div className="place play-place">
      <header className="play-head">
        <div>
          <h1>{words.modeTitle[mode]}</h1>
          <p className="soft">{words.modeLead[mode]}</p>
        </div>
        <Choice
          name={words.modes}
          hideName
          value={mode}
          options={PLAY_MODES.map((value) => ({ value, label: words.modeName[value] }))}
          onChange={(value) => changePlay({ mode: value })}
        />
      </header>
      <div className="play-body">
        <Shown />
        <aside className="card stack play-aside" aria-label={words.settings}>
          <WhoAnswers />
          <PlaySettings />
        </aside>
      </div>
    </div>
  );
}
