import { useStore } from 'zustand';
import { Switch } from '../controls/switch.tsx';
import { chooseAwake, chooseNotify, whenDoneStore } from './when-done-store.ts';
import { words } from './words.ts';

export function WhenDone() {
  const { notify, keepAwake, problem } = useStore(whenDoneStore);
  const w = words.whenDone;
  return (
    <div className="when-done">
      <Switch name={w.notify} hint={w.notifyHint} checked={notify} onChange={(on) => void chooseNotify(on)} />
      <Switch name={w.awake} hint={w.awakeHint} checked={keepAwake} onChange={(on) => void chooseAwake(on)} />
      {problem && <p className="wrong">{problem}</p>}
    </div>
  );
}
