import { type KeyboardEvent, memo, useRef, useState } from 'react';
import type { TokenPreview } from '../../engine/protocol.ts';
import { loss as lossText } from '../format.ts';
import { lossLevel } from './loss-level.ts';
import { showToken } from './show-token.ts';
import { words } from './words.ts';
import { choose, xrayStore } from './xray-store.ts';

type Token = TokenPreview['tokens'][number];

/** More buttons than this at once make a page slow to lay out; the rest is one click away. */
const FIRST_TOKENS = 300;

/** The tokens of a row: one stop of the Tab key, arrows from token to token. */
export function TokenField({ tokens, losses }: { tokens: readonly Token[]; losses: Float32Array | undefined }) {
  const [showAll, setShowAll] = useState(false);
  const [active, setActive] = useState(0);
  const field = useRef<HTMLDivElement>(null);
  const shown = showAll ? tokens : tokens.slice(0, FIRST_TOKENS);

  function move(event: KeyboardEvent) {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -shown.length, End: shown.length }[
      event.key
    ];
    if (by === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(shown.length - 1, active + by));
    setActive(next);
    field.current?.querySelectorAll('button')[next]?.focus();
  }

  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys of the buttons in it */}
      <div className="tokens" dir="ltr" ref={field} onKeyDown={move}>
        {shown.map((token, at) => (
          <TokenButton
            // biome-ignore lint/suspicious/noArrayIndexKey: tokens of a row never move, and the same id may return
            key={at}
            token={token}
            at={at}
            loss={losses?.[at]}
            isStop={at === active}
            onActive={setActive}
          />
        ))}
      </div>
      {tokens.length > shown.length && (
        <button type="button" className="button" onClick={() => setShowAll(true)}>
          {words.allTokens(tokens.length)}
        </button>
      )}
    </>
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
