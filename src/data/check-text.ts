// What is odd about a text that will be trained on, told and not changed; except for halves of characters (lone
// surrogates), which no tokenizer can encode and which become U+FFFD.
import type { Notices } from './notice-book.ts';

/** Longer texts fit few contexts (about 5,000 tokens): said when a file is read, before anyone picks a model. */
const LONG_CHARS = 20_000;

/** Markers of the common chat templates. Inside a user's text they are plain text to the model, and often a mistake. */
const MARKER = /<\|[a-z][a-z0-9_]*\|>|<\/?s>|\[\/?INST\]|<<\/?SYS>>|<(?:start|end)_of_turn>|<(?:bos|eos|pad|unk)>/;
/** Control characters, zero-width spaces and bidirectional overrides: invisible, but tokens all the same. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const INVISIBLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff]/;
const TEMPLATED =
  /^### ?(?:Instruction|Response|Human|Assistant|User|Input)\b|^(?:Human|USER): [\s\S]*\n(?:Assistant|ASSISTANT):/m;
/** A template's headings stand near the beginning; bounds what the expression has to try. */
const TEMPLATE_CHARS = 4000;
const PLACEHOLDER = /\{\{ ?\w+ ?\}\}/;

export interface Place {
  readonly file: string;
  readonly line: number;
  /** How the text is called to the user: `"prompt"`, `message 2`. */
  readonly name: string;
}

/** The text as it can be encoded. `kind`: only prompts can be wrapped twice, only documents are cut instead of lost. */
export function checkText(
  text: string,
  place: Place,
  kind: 'document' | 'prompt' | 'answer',
  notices: Notices,
): string {
  const warn = (about: string, reason: string) =>
    notices.warn(place.file, place.line, `${place.name} ${reason}`, about);
  let checked = text;
  if (!text.isWellFormed()) {
    checked = text.toWellFormed();
    warn('surrogate', 'holds half a character (a lone surrogate), which becomes U+FFFD');
  }
  const marker = MARKER.exec(text)?.[0];
  if (marker !== undefined) warn('marker', `holds the marker "${marker}", which is read as plain text`);
  const invisible = INVISIBLE.exec(text)?.[0];
  if (invisible !== undefined)
    warn(
      'invisible',
      `holds invisible characters (U+${invisible.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')})`,
    );
  if (kind === 'prompt' && TEMPLATED.test(text.slice(0, TEMPLATE_CHARS)))
    warn('templated', 'is already wrapped in a prompt template: a chat template wraps it a second time');
  const placeholder = PLACEHOLDER.exec(text)?.[0];
  if (placeholder !== undefined) warn('placeholder', `holds the placeholder "${placeholder}", which nothing fills in`);
  if (kind !== 'document' && text.length > LONG_CHARS)
    warn(
      'long',
      `is ${text.length} characters long: rows longer than the context are cut, or left out when no answer fits`,
    );
  return checked;
}

/** Nothing to read: white space and invisible characters only. */
export function isBlank(text: string): boolean {
  return /^[\s\p{Cc}\p{Cf}]*$/u.test(text);
}
