// A token's text made visible and harmless: line ends as ↵, tabs as ⇥, and characters that are invisible or could
// reorder the page (control, zero-width, bidi) as their code. The text itself never becomes markup.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

export interface ShownToken {
  readonly text: string;
  /** Line ends in the token: the row goes on in a new line after it. */
  readonly breaks: number;
  readonly isSpecial: boolean;
}

const SPECIAL = /^(<\|.*\|>|<\/?(s|bos|eos|pad|unk|mask|start_of_turn|end_of_turn)>|\[\/?[A-Z_]{2,}\])$/u;

export function showToken(text: string): ShownToken {
  const breaks = text.match(/\n/gu)?.length ?? 0;
  const shown = text.replaceAll('\r\n', '↵').replace(UNSEEN, show);
  return { text: shown === '' ? '∅' : shown, breaks, isSpecial: SPECIAL.test(text.trim()) };
}

function show(character: string): string {
  if (character === '\n') return '↵';
  if (character === '\t') return '⇥';
  return `⟨${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
