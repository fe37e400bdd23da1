// Text that ends before the first of some strings. What could be the beginning of one is held back until more text tells.

import type { TextStream } from './tokenizer.ts';

export interface StoppingStream extends TextStream {
  /** True once a stop string has come; nothing is said after it. */
  readonly isStopped: boolean;
}

/** `stream` up to the first of `stops`, which itself is left out. Empty strings stop nothing. */
export function stopAt(stream: TextStream, stops: readonly string[]): StoppingStream {
  const wanted = stops.filter((stop) => stop !== '');
  let held = '';
  let isStopped = false;
  const take = (text: string, isEnd: boolean): string => {
    if (isStopped) return '';
    const all = held + text;
    const places = wanted.map((stop) => all.indexOf(stop)).filter((at) => at >= 0);
    if (places.length > 0) {
      isStopped = true;
      held = '';
      return all.slice(0, Math.min(...places));
    }
    const open = isEnd ? 0 : Math.max(0, ...wanted.map((stop) => beginningAtEnd(all, stop)));
    held = all.slice(all.length - open);
    return all.slice(0, all.length - open);
  };
  return {
    push: (id) => take(stream.push(id), false),
    end: () => take(stream.end(), true),
    get isStopped() {
      return isStopped;
    },
  };
}

/** Characters at the end of `text` that `stop` begins with. */
function beginningAtEnd(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--)
    if (text.endsWith(stop.slice(0, length))) return length;
  return 0;
}
