import { expect, it } from 'vitest';
import fc from '../testing/fast-check.ts';
import { stopAt } from './stop-at.ts';

/** A stream that says the i-th of `parts` for id i. */
const saying = (parts: readonly string[]) => ({ push: (id: number) => parts[id]!, end: () => '' });
function say(parts: readonly string[], stops: readonly string[]) {
  const stream = stopAt(saying(parts), stops);
  const pieces = [...parts.keys()].map((id) => stream.push(id));
  return { pieces, text: pieces.join('') + stream.end(), isStopped: stream.isStopped };
}

it('ends before a stop string that comes in pieces, and says nothing of it', () => {
  const { pieces, text, isStopped } = say(['Hello', ' wor', 'ld\nUs', 'er', ': hi'], ['\nUser:']);
  expect(pieces).toEqual(['Hello', ' wor', 'ld', '', '']);
  expect({ text, isStopped }).toEqual({ text: 'Hello world', isStopped: true });
});

it('says what was held back when it was no stop string', () => {
  expect(say(['a\nUs', 'ed\n'], ['\nUser:', ''])).toEqual({
    pieces: ['a', '\nUsed'],
    text: 'a\nUsed\n',
    isStopped: false,
  });
});

it('is the text before the first stop string, however it is cut', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 8 });
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 8 }), fc.array(letters, { maxLength: 3 }), (parts, stops) => {
      const whole = parts.join('');
      const places = stops.filter((stop) => stop !== '' && whole.includes(stop)).map((stop) => whole.indexOf(stop));
      const { text, isStopped } = say(parts, stops);
      expect(isStopped).toBe(places.length > 0);
      // Of two stop strings the one that is complete first ends the text; it is never longer than up to the first.
      expect(whole.startsWith(text)).toBe(true);
      if (places.length === 0) expect(text).toBe(whole);
      else for (const stop of stops) if (stop !== '') expect(text.includes(stop)).toBe(false);
    }),
    { numRuns: 500 },
  );
});
