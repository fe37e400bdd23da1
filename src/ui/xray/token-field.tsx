import { type KeyboardEvent, memo, useEffect, useRef, useState } from 'react';
import type { TokenPreview } from '../../engine/protocol.ts';
import { loss as lossText } from '../format.ts';
import { lossLevel } from './loss-level.ts';
import { showToken } from './show-token.ts';
import { words } from './words.ts';
import { choose, xrayStore } from './xray-store.ts';

type Token = TokenPreview['tokens'][number];

/** More buttons than this at once would hold the page up, and again whenever their colours move. */
const PART_TOKENS = 400;

/** The tokens of a row, part by part where it is long: one stop of the Tab key, arrows from token to token. */
export function TokenField({ tokens, losses }: { tokens: readonly Token[]; losses: Float32Array | undefined }) {
  const [active, setActive] = useState(0);
  const field = useRef<HTMLDivElement>(null);
  const wantsFocus = useRef(false);
  const first = Math.floor(active / PART_TOKENS) * PART_TOKENS;
  const shown = tokens.slice(first, first + PART_TOKENS);
  useEffect(() => {
    if (wantsFocus.current) field.current?.querySelectorAll('button')[active - first]?.focus();
    wantsFocus.current = false;
  });

  function move(event: KeyboardEvent) {
    const { length } = tokens;
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -length, End: length }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    wantsFocus.current = true;
    setActive(Math.max(0, Math.min(length - 1, active + by)));
  }

  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys of the buttons in it */}
      <div className="tokens" dir="ltr" ref={field} onKeyDown={move}>
        {shown.map((token, i) => (
          <TokenButton
            // biome-ignore lint/suspicious/noArrayIndexKey: tokens of a row never move, and the same id may return
            key={first + i}
            token={token}
            at={first + i}
            loss={losses?.[first + i]}
            isStop={first + i === active}
            onActive={setActive}
          />
        ))}
      </div>
      {tokens.length > PART_TOKENS && <Parts first={first} all={tokens.length} onFirst={setActive} />}
    </>
  );
}

function Parts({ first, all, onFirst }: { first: number; all: number; onFirst: (at: number) => void }) {
  const part = (name: string, from: number) => {
    const isOff = from < 0 || from >= all;
    return (
      <button type="button" className="button" aria-disabled={isOff} onClick={() => isOff || onFirst(from)}>
        {name}
      </button>
    );
  };
  return (
    <div className="line line-apart">
      <span className="small soft number" role="status">
        {words.part(first + 1, Math.min(all, first + PART_TOKENS), all)}
      </span>
      <div className="line">
        {part(words.earlierPart, first - PART_TOKENS)}
        {part(words.laterPart, first + PART_TOKENS)}
      </div>
    </div>
  );
}

const TokenButton = memo(function TokenButton(props: {
  token: Token;
  at: number;
  loss: number | undefined;
  isStop: boolean;
  onActive: (at: number) => void;
}) {
  const { token, at, loss, isStop } = props;
  const shown = showToken(token.text);
  const level = token.supervised ? lossLevel(loss) : undefined;
  const look = [
    'token',
    token.supervised && 'token-learned',
    shown.isSpecial && 'token-special',
    level !== undefined && `token-loss-${level}`,
  ];
  const known = loss === undefined || Number.isNaN(loss) ? undefined : lossText(loss);
  return (
    <>
      <button
        type="button"
        className={look.filter(Boolean).join(' ')}
        tabIndex={isStop ? 0 : -1}
        aria-label={words.token(shown.text, token.id, token.supervised, known)}
        onFocus={() => {
          props.onActive(at);
          xrayStore.setState({ pointed: at });
        }}
        onPointerEnter={() => xrayStore.setState({ pointed: at })}
        onClick={() => void choose(at)}
      >
        <bdi>{shown.text}</bdi>
      </button>
      {shown.breaks > 0 && <br />}
    </>
  );
});
