// Characters that nobody sees and every tokenizer does: control characters, zero-width spaces, marks that turn the writing
// direction, halves of characters and the sign of a failed decoding. Joiners stay: Indic scripts and emoji need them.

const INVISIBLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufff9-\ufffb]/g;
const REPLACEMENT = '\ufffd';

/** The first odd character's code as U+XXXX; undefined when there is none. */
export function findOddCharacter(text: string): string | undefined {
  const found =
    text.match(INVISIBLE)?.[0] ?? (text.includes(REPLACEMENT) || !text.isWellFormed() ? REPLACEMENT : undefined);
  return found && `U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** Without the invisible ones. What stands for a lost character is taken out as well: nothing can bring it back. */
export function removeOddCharacters(text: string): string {
  return text.toWellFormed().replace(INVISIBLE, '').replaceAll(REPLACEMENT, '');
}
