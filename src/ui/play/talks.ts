// The three talks of the page: the chat, which survives a reload; the one question of the Train place; the blind test's.
import { engine } from '../engine.ts';
import { keep, kept } from '../keep.ts';
import { type Answer, createTalk, type Turn } from './talk.ts';

/** The chat's last turns; more would only be a burden to the storage. */
const KEPT_TURNS = 50;

export const chatTalk = createTalk({ remembers: true, turns: readTurns(kept('talk')) });
export const quickTalk = createTalk({ remembers: false });
export const blindTalk = createTalk({ remembers: false });

export async function stopAsking(): Promise<void> {
  const isAsking = [chatTalk, quickTalk, blindTalk].some(({ store }) => store.getState().isAsking);
  if (isAsking) await engine().play.stopGenerating();
}

/** Writes the chat down whenever an answer is complete or it is cleared. */
export function keepChat(): void {
  chatTalk.store.subscribe(({ turns, isAsking }, before) => {
    if (isAsking || (turns === before.turns && isAsking === before.isAsking)) return;
    const bare = turns.slice(-KEPT_TURNS).map(({ id, prompt, answers }) => ({
      id,
      prompt,
      answers: answers.map(({ key, who, text, reason }) => ({ key, who, text, reason })),
    }));
    keep('talk', bare);
  });
}

function readTurns(saved: unknown): readonly Turn[] {
  if (!Array.isArray(saved)) return [];
  return saved.flatMap((one): Turn[] => {
    const { id, prompt, answers } = (one ?? {}) as Partial<Turn>;
    if (typeof id !== 'number' || typeof prompt !== 'string' || !Array.isArray(answers)) return [];
    return [{ id, prompt, answers: answers.flatMap(readAnswer) }];
  });
}

function readAnswer(saved: unknown): Answer[] {
  const { key, who, text, reason } = (saved ?? {}) as Partial<Answer>;
  if (typeof key !== 'number' || typeof text !== 'string' || typeof who?.name !== 'string') return [];
  if (who.adapterId !== null && typeof who.adapterId !== 'string') return [];
  return [{ key, who, text, reason, pieces: [], state: 'done', tokensPerSecond: 0 }];
}
