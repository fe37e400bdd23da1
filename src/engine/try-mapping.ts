// How the first rows would read under a mapping that is being tried: for the live preview beside its editor.

import { adaptMessages } from '../data/adapt-messages.ts';
import type { EditableDataset } from '../data/editable-dataset.ts';
import { joinTurns } from '../data/join-turns.ts';
import { RowNotes } from '../data/row-notes.ts';
import { toExample } from '../data/to-example.ts';
import type { ChatTokenizer, Mapping } from '../data/types.ts';
import type { MappingTrial } from './protocol.ts';

export function tryMapping(
  dataset: EditableDataset,
  tokenizer: ChatTokenizer,
  given: Mapping | undefined,
  systemPrompt: string,
  count: number,
): MappingTrial[] {
  const trials: MappingTrial[] = [];
  for (let index = 0; index < dataset.store.length && trials.length < count; index++) {
    if (dataset.store.isDeleted(index)) continue;
    const row = dataset.store.row(index);
    const mapping = given ?? dataset.mappingOf(index);
    if (mapping === undefined) continue;
    const notes = new RowNotes();
    const example = toExample(row, mapping, notes, { isMixed: given === undefined, systemPrompt });
    const { file, line } = row;
    if (example?.kind === 'chat') {
      const messages = example.messages.map(({ role, content }) => ({ role, content }));
      trials.push({ file, line, messages, ...render(example.messages, tokenizer) });
    } else {
      const text = example?.kind === 'text' ? example.text : '';
      trials.push({ file, line, messages: [], rendered: text, problem: notes.skipped });
    }
  }
  return trials;
}

function render(
  messages: Parameters<typeof joinTurns>[0],
  tokenizer: ChatTokenizer,
): Pick<MappingTrial, 'rendered' | 'problem'> {
  if (!tokenizer.hasChatTemplate)
    return {
      rendered: joinTurns(messages)
        .map(({ text }) => text)
        .join(''),
      problem: undefined,
    };
  try {
    const adapted = adaptMessages(messages, tokenizer, () => {});
    return { rendered: tokenizer.renderChat(adapted, { generationPrompt: false }), problem: undefined };
  } catch (error) {
    return { rendered: '', problem: (error as Error).message };
  }
}
