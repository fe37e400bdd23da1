import { Fragment, useState } from 'react';
import type { TokenPreview } from '../../engine/protocol.ts';
import { showToken } from './show-token.ts';
import { words } from './words.ts';

/** More chips than this at once make a page slow to lay out; the rest is one click away. */
const FIRST_TOKENS = 400;

export function TokenRow({ preview, short = false }: { preview: TokenPreview; short?: boolean }) {
  const [showAll, setShowAll] = useState(false);
  const { tokens } = preview;
  const limit = showAll ? tokens.length : short ? 160 : FIRST_TOKENS;
  const learned = tokens.filter((token) => token.supervised).length;
  return (
    <figure className="token-figure">
      <figcaption className="small soft number line line-apart">
        <span className="breaks">{words.rowPlace(preview.row + 1, preview.file, preview.line)}</span>
        <span>{words.rowCount(learned, tokens.length)}</span>
      </figcaption>
      <div className="tokens" dir="ltr">
        {tokens.slice(0, limit).map((token, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: tokens of a row never move, and the same id may return
          <Token key={i} {...token} />
        ))}
      </div>
      {tokens.length > limit && (
        <button type="button" className="button" onClick={() => setShowAll(true)}>
          {words.allTokens(tokens.length)}
        </button>
      )}
    </figure>
  );
}

function Token({ id, text, supervised }: TokenPreview['tokens'][number]) {
  const shown = showToken(text);
  const look = ['token', supervised && 'token-learned', shown.isSpecial && 'token-special'].filter(Boolean).join(' ');
  return (
    <Fragment>
      <bdi className={look} title={words.tokenTitle(supervised, id)}>
        {shown.text}
      </bdi>
      {shown.breaks > 0 && <br />}
    </Fragment>
  );
}
