// A folder that `ollama create` takes: a Modelfile with the model's chat template in Go's words and its stop tokens, beside a
// merged model in GGUF, or beside the adapter alone for a base that Ollama has.

import { findChatFormat, goTemplate } from '../../model/chat-formats.ts';
import type { Tokenizer } from '../../model/tokenizer.ts';

export interface ModelfileParts {
  /** A model of Ollama's ("llama3.2:1b") or a file beside the Modelfile ("./model.gguf"). */
  readonly from: string;
  /** A file beside the Modelfile; undefined: `from` has it merged in. */
  readonly adapter?: string;
  readonly tokenizer: Tokenizer | undefined;
  /** Ids that end a turn. */
  readonly eos: readonly number[];
  readonly licence: string | undefined;
}

/** The Modelfile, and what a user has to know of it. */
export function writeModelfile(parts: ModelfileParts): { readonly text: string; readonly notices: readonly string[] } {
  const notices: string[] = [];
  const stops = [...new Set(parts.eos.map((id) => parts.tokenizer?.decode([id], { special: true }) ?? ''))];
  const lines = [
    `FROM ${parts.from}`,
    ...(parts.adapter ? [`ADAPTER ${parts.adapter}`] : []),
    ...templateLines(parts.tokenizer, notices),
    ...stops.filter((stop) => stop !== '').map((stop) => `PARAMETER stop ${JSON.stringify(stop)}`),
    ...(parts.licence === undefined ? [] : [`LICENSE ${quoted(parts.licence)}`]),
  ];
  return { text: `${lines.join('\n')}\n`, notices };
}

function templateLines(tokenizer: Tokenizer | undefined, notices: string[]): string[] {
  if (!tokenizer?.hasChatTemplate) {
    notices.push('the base has no chat template: the Modelfile continues text as it is');
    return [`TEMPLATE ${quoted('{{ .Prompt }}')}`];
  }
  const bos = tokenizer.bos === undefined ? undefined : tokenizer.decode([tokenizer.bos], { special: true });
  const found = findChatFormat((messages) => tokenizer.renderChat(messages, { generationPrompt: true }), bos);
  if (found === undefined) {
    notices.push(
      'the chat template of this base is none that Graft can say in Go: Ollama will use what the GGUF file says',
    );
    return [];
  }
  const { format, defaultSystem, takesSystem } = found;
  if (!takesSystem)
    notices.push(`the base's own template takes no system prompt, or places it otherwise than ${format.name} does`);
  return [
    `TEMPLATE ${quoted(goTemplate(format))}`,
    ...(defaultSystem === undefined ? [] : [`SYSTEM ${quoted(defaultSystem)}`]),
  ];
}

function quoted(text: string): string {
  return `"""${text}"""`;
}
