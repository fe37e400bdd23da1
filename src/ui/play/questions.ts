// Questions of the open dataset, to ask with one click: what training has not seen first, because only that shows what was learned.
import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import type { TableRow } from '../../engine/protocol.ts';
import { dataStore } from '../data/data-store.ts';
import { engine } from '../engine.ts';
import { settingsStore } from '../train/settings-store.ts';
import type { Column } from './play-store.ts';
import { promptingFor } from './prompting.ts';

/** Rows that are looked through: enough for twenty questions where one in ten is held back. */
const LOOKED_AT = 200;
/** Longer ones are no question to read at a glance. */
const MOST_CHARS = 200;

/** Prompts of one turn, whole and each once; those held back first. */
export function questionsOf(rows: readonly Pick<TableRow, 'prompt' | 'side'>[]): string[] {
  const asked = rows
    .map(({ prompt, side }) => ({ prompt: prompt.trim(), side }))
    .filter(({ prompt }) => prompt !== '' && prompt.length <= MOST_CHARS && !/^(user|assistant|tool): /.test(prompt));
  const held = asked.filter(({ side }) => side === 'validation');
  const others = asked.filter(({ side }) => side !== 'validation');
  return [...new Set([...held, ...others].map(({ prompt }) => prompt))];
}

/** Of the data that is open now; none where a question is put in the rows' own wording, which theirs are in already. */
export function useQuestions(columns: readonly Column[]): readonly string[] {
  const [questions, setQuestions] = useState<readonly string[]>([]);
  const report = useStore(dataStore, (s) => (s.status === 'ready' ? s.report : undefined));
  const { validationSplit, seed } = useStore(settingsStore, (s) => s.settings);
  useEffect(() => {
    let isWanted = true;
    if (report === undefined || report.rows === 0) setQuestions([]);
    else
      engine()
        .data.queryRows({ search: '', show: 'used', sort: 'file' }, { validationSplit, seed }, 0, LOOKED_AT)
        .then(({ rows }) => isWanted && setQuestions(questionsOf(rows)))
        // A courtesy: one can always write a question.
        .catch(() => isWanted && setQuestions([]));
    return () => {
      isWanted = false;
    };
  }, [report, validationSplit, seed]);
  return promptingFor(columns).wording === undefined ? questions : [];
}
