import { useEffect, useState } from 'react';
import { Dialog } from '../controls/dialog.tsx';
import { Switch } from '../controls/switch.tsx';
import { keep, kept } from '../keep.ts';
import { stopAsking } from '../play/talks.ts';
import { pauseOrResume } from '../train/run-store.ts';
import { goTo, PLACES } from './place-store.ts';
import { words } from './words.ts';

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  target.matches('input:not([type=range], [type=radio], [type=checkbox]), textarea, select');

/** Single keys for the whole page; they rest while someone types or a dialog is open. */
export function Keys(props: { open: boolean; onOpen: () => void; onClose: () => void }) {
  const [single, setSingle] = useState(() => kept('single-keys') !== false);
  const { onOpen } = props;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape') void stopAsking();
      if (!single || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector('dialog[open]')) return;
      const place = PLACES[Number(event.key) - 1];
      if (place) goTo(place);
      if (event.key === 'p') void pauseOrResume();
      if (event.key === '?') onOpen();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [single, onOpen]);

  if (!props.open) return null;
  return (
    <Dialog title={words.keys.title} onClose={props.onClose}>
      <dl className="facts">
        {words.keys.list.map(([key, does]) => (
          <div key={key} style={{ display: 'contents' }}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <Switch
        name={words.keys.single}
        hint={words.keys.singleHint}
        checked={single}
        onChange={(on) => {
          setSingle(on);
          keep('single-keys', on);
        }}
      />
    </Dialog>
  );
}
