import type { AnswerPiece } from '../../engine/protocol.ts';
import { chance } from '../format.ts';
import { words } from './words.ts';

/** What the model would have said at the token that is pointed at. Its place is kept, so that nothing moves. */
export function PieceFacts({ piece }: { piece: AnswerPiece | undefined }) {
  return (
    <div className="piece-facts small" aria-live="polite">
      {piece === undefined ? (
        <p className="soft">{words.pieceHint}</p>
      ) : (
        <>
          <p>{words.pieceSays(visible(piece.text), chance(piece.probability))}</p>
          <ol>
            {piece.likeliest.map(({ text, probability }, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two tokens may look alike; the order is what they are
              <li key={i} className="number">
                <code className="breaks">{visible(text)}</code>
                <meter min={0} max={1} value={probability} aria-label={chance(probability)} />
                <span>{chance(probability)}</span>
              </li>
            ))}
          </ol>
        </>
      )}
    </div>
  );
}

/** Spaces and line ends as something to see. */
function visible(text: string): string {
  return text.replaceAll(' ', '␣').replaceAll('\n', '↵').replaceAll('\t', '⇥');
}
