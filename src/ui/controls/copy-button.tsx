import { useState } from 'react';
import { announce, showTrouble } from '../shell/trouble-store.ts';
import { Dialog } from './dialog.tsx';
import { Icon } from './icon.tsx';
import { words } from './words.ts';

const w = words.copying;

/**
 * Copies a text and says so until something else is used. Where the browser refuses, the text is shown selected, to be copied by
 * hand. `what`: names the button where it is an icon alone.
 */
export function CopyButton(props: {
  text: string | (() => Promise<string>);
  children?: string;
  what?: string;
  className?: string;
}) {
  const { text, children, what, className = 'button button-plain' } = props;
  const [copied, setCopied] = useState<string>();
  const [refused, setRefused] = useState<string>();
  const isCopied = copied !== undefined && (typeof text !== 'string' || copied === text);

  async function copy() {
    try {
      const now = typeof text === 'string' ? text : await text();
      if (!(await isTaken(now))) return setRefused(now);
      setCopied(now);
      announce(w.copied);
    } catch (error) {
      showTrouble(error);
    }
  }

  return (
    <>
      <button
        type="button"
        className={what ? `${className} button-icon` : className}
        aria-label={what && (isCopied ? w.copiedWhat(what) : what)}
        title={what}
        onClick={() => void copy()}
        onBlur={() => setCopied(undefined)}
      >
        <Icon name={isCopied ? 'tick' : 'copy'} /> {!what && (isCopied ? w.copied : (children ?? w.copy))}
      </button>
      {refused !== undefined && <ByHand text={refused} onClose={() => setRefused(undefined)} />}
    </>
  );
}

/** Browsers refuse pages that are not looked at, and people may forbid it; on http there is no clipboard at all. */
async function isTaken(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function ByHand({ text, onClose }: { text: string; onClose: () => void }) {
  return (
    <Dialog title={w.byHand} onClose={onClose}>
      <p className="small">{w.refused}</p>
      <textarea
        className="input mono"
        readOnly
        rows={Math.min(10, text.split('\n').length + 1)}
        value={text}
        aria-label={w.byHandText}
        onFocus={(event) => event.target.select()}
      />
    </Dialog>
  );
}
