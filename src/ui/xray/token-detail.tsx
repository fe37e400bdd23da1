import { useStore } from 'zustand';
import type { TokenGuess, TokenPreview } from '../../engine/protocol.ts';
import { dataStore } from '../data/data-store.ts';
import { chance, loss as lossText } from '../format.ts';
import { showToken } from './show-token.ts';
import { words } from './words.ts';
import { xrayStore } from './xray-store.ts';

/** The token under the pointer or the focus, and what else would have been said in place of the chosen one. */
export function TokenDetail() {
  const tokens = useStore(dataStore, (s) => s.row?.tokens);
  const pointed = useStore(xrayStore, (s) => s.pointed);
  const chosen = useStore(xrayStore, (s) => s.chosen);
  const losses = useStore(xrayStore, (s) => s.losses[s.side]);
  const token = pointed === undefined ? undefined : tokens?.[pointed];
  const standing = chosen === undefined ? undefined : tokens?.[chosen];
  return (
    <div className="stack-tight">
      <p className="small xray-line number">
        {token ? <Pointed token={token} loss={losses?.[pointed!]} /> : <span className="soft">{words.pick}</span>}
      </p>
      {standing && <Guesses token={standing} at={chosen!} />}
    </div>
  );
}

function Pointed({ token, loss }: { token: TokenPreview['tokens'][number]; loss: number | undefined }) {
  const hasLoss = loss !== undefined && !Number.isNaN(loss);
  return (
    <>
      <bdi className="mono xray-pointed">{showToken(token.text).text}</bdi>
      <span className="soft">{words.id(token.id)}</span>
      <span>{token.supervised ? words.learned : words.read}</span>
      {hasLoss && <span>{words.loss(lossText(loss), chance(Math.exp(-loss)))}</span>}
    </>
  );
}

function Guesses({ token, at }: { token: TokenPreview['tokens'][number]; at: number }) {
  const guesses = useStore(xrayStore, (s) => s.guesses);
  const text = showToken(token.text).text;
  return (
    <section className="stack-tight xray-guesses" aria-labelledby="xray-guesses">
      <h3 id="xray-guesses">{words.guesses(text)}</h3>
      {at === 0 && <p className="soft small">{words.first}</p>}
      {at > 0 && !guesses && <p className="soft small">{words.guessing}</p>}
      <div className="xray-columns">
        {guesses?.map((guess) => (
          <Guess key={guess.eyes ?? 'base'} guess={guess} standing={token.id} />
        ))}
      </div>
    </section>
  );
}

function Guess({ guess, standing }: { guess: TokenGuess; standing: number }) {
  const isBase = guess.eyes === null;
  return (
    <div className={isBase ? 'xray-guess xray-of-base' : 'xray-guess xray-of-adapter'}>
      <p className="small soft number">
        {isBase ? words.base : words.adapter} · {words.stands} {chance(guess.probability)}
      </p>
      <ol className="number">
        {guess.choices.map(({ id, text, probability }) => (
          <li key={id} className={id === standing ? 'xray-choice xray-stands' : 'xray-choice'}>
            <bdi className="mono">{showToken(text).text}</bdi>
            <span className="xray-bar" aria-hidden="true">
              <span style={{ transform: `scaleX(${probability})` }} />
            </span>
            <span>{chance(probability)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}
