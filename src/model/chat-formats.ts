// The chat formats that models are known to speak, as data: what stands around each turn. Programs that do not run Jinja get
// their template from here; which format a model speaks is found by rendering its own template and comparing, never by its name.

interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}
type Around = readonly [before: string, after: string];

export interface ChatFormat {
  readonly name: string;
  readonly user: Around;
  readonly assistant: Around;
  /** Around a system turn, or, with `inUser`, around its text at the beginning of the next user turn. */
  readonly system: Around;
  readonly inUser?: boolean;
  /** What asks for an answer. */
  readonly answer: string;
}

const chatMl = (role: string): Around => [`<|im_start|>${role}\n`, '<|im_end|>\n'];
const llama3 = (role: string): Around => [`<|start_header_id|>${role}<|end_header_id|>\n\n`, '<|eot_id|>'];
const phi3 = (role: string): Around => [`<|${role}|>\n`, '<|end|>\n'];
const phi4 = (role: string): Around => [`<|${role}|>`, '<|end|>'];
const zephyr = (role: string): Around => [`<|${role}|>\n`, '</s>\n'];
const gemma = (role: string): Around => [`<start_of_turn>${role}\n`, '<end_of_turn>\n'];

const byRole = (name: string, turn: (role: string) => Around, answer = turn('assistant')[0]): ChatFormat => ({
  name,
  user: turn('user'),
  assistant: turn('assistant'),
  system: turn('system'),
  answer,
});

export const CHAT_FORMATS: readonly ChatFormat[] = [
  byRole('ChatML', chatMl),
  byRole('Llama 3', llama3),
  byRole('Phi-3', phi3),
  byRole('Phi-4', phi4),
  byRole('Zephyr', zephyr),
  {
    name: 'Gemma',
    user: gemma('user'),
    assistant: gemma('model'),
    system: ['', '\n\n'],
    inUser: true,
    answer: gemma('model')[0],
  },
  {
    name: 'Llama 2',
    user: ['<s>[INST] ', ' [/INST]'],
    assistant: [' ', ' </s>'],
    system: ['<<SYS>>\n', '\n<</SYS>>\n\n'],
    inUser: true,
    answer: '',
  },
  {
    name: 'Mistral, first version',
    user: ['[INST] ', ' [/INST]'],
    assistant: ['', '</s>'],
    system: ['', '\n\n'],
    inUser: true,
    answer: '',
  },
  {
    name: 'Mistral',
    user: ['[INST] ', '[/INST]'],
    assistant: [' ', '</s>'],
    system: ['', '\n\n'],
    inUser: true,
    answer: '',
  },
];

/** A conversation in a format, ready for the next answer. */
export function renderFormat(format: ChatFormat, messages: readonly Message[]): string {
  let out = '';
  let held = '';
  for (const { role, content } of messages) {
    if (role === 'system' && format.inUser) held = format.system[0] + content + format.system[1];
    else {
      const [before, after] = format[role];
      out += before + (role === 'user' ? held : '') + content + after;
      if (role === 'user') held = '';
    }
  }
  return out + format.answer;
}

/** The same as Go's text/template, over Ollama's `.Messages`. */
export function goTemplate({ user, assistant, system, inUser, answer }: ChatFormat): string {
  const around = ([before, after]: Around, inside: string) => `${before}${inside}${after}`;
  const held = inUser ? `{{ if $system }}${around(system, '{{ $system }}')}{{ $system = "" }}{{ end }}` : '';
  return [
    inUser ? '{{ $system := "" }}' : '',
    '{{ range .Messages }}',
    `{{ if eq .Role "system" }}${inUser ? '{{ $system = .Content }}' : around(system, '{{ .Content }}')}`,
    `{{ else if eq .Role "user" }}${around(user, `${held}{{ .Content }}`)}`,
    `{{ else if eq .Role "assistant" }}${around(assistant, '{{ .Content }}')}`,
    '{{ end }}{{ end }}',
    answer,
  ].join('');
}

export interface FoundFormat {
  readonly format: ChatFormat;
  /** What the template says by itself when a conversation has no system turn. */
  readonly defaultSystem: string | undefined;
  /** False: a system turn of one's own is placed otherwise (or refused) by the model's template. */
  readonly takesSystem: boolean;
}

const USER: Message = { role: 'user', content: 'How far is the moon?' };
const TALK: readonly Message[] = [
  USER,
  { role: 'assistant', content: 'Far away.' },
  { role: 'user', content: 'How far?' },
];
const SYSTEM: Message = { role: 'system', content: 'Answer in one line.' };
const MARK = '\u0001';

/**
 * The format that a model's own template speaks; undefined when it is none of these. `render`: that template, with what asks for
 * an answer; `bos`: the text that may stand before everything, which programs add themselves.
 */
export function findChatFormat(
  render: (messages: readonly Message[]) => string,
  bos: string | undefined,
): FoundFormat | undefined {
  const rendered = (messages: readonly Message[]) => {
    try {
      const text = render(messages);
      return bos !== undefined && text.startsWith(bos) ? text.slice(bos.length) : text;
    } catch {
      return undefined;
    }
  };
  const [alone, talk, asked] = [rendered([USER]), rendered(TALK), rendered([SYSTEM, ...TALK])];
  if (alone === undefined) return undefined;
  for (const format of CHAT_FORMATS) {
    const same = (text: string | undefined, messages: readonly Message[]) => {
      const own = renderFormat(format, messages);
      return text === own || (bos !== undefined && own.startsWith(bos) && text === own.slice(bos.length));
    };
    const takesSystem = same(asked, [SYSTEM, ...TALK]);
    if (same(alone, [USER]) && same(talk, TALK)) return { format, defaultSystem: undefined, takesSystem };
    const [before = '', after = ''] = renderFormat(format, [{ role: 'system', content: MARK }, USER]).split(MARK);
    if (!alone.startsWith(before) || !alone.endsWith(after) || alone.length < before.length + after.length) continue;
    const defaultSystem = alone.slice(before.length, alone.length - after.length);
    if (same(talk, [{ role: 'system', content: defaultSystem }, ...TALK]))
      return { format, defaultSystem, takesSystem };
  }
  return undefined;
}
