import { useVirtualizer, type VirtualItem } from '@tanstack/react-virtual';
import { type RefObject, useEffect, useLayoutEffect, useReducer, useRef } from 'react';
import { flushSync } from 'react-dom';
import { MOST_PX, TallFrame } from './tall-frame.ts';

/** Lines of a list in a frame that scrolls, however many: which are in its window, and where they stand in what is laid out. */
export function useTallList(options: {
  frame: RefObject<HTMLElement | null>;
  count: number;
  /** About as high as a line is. */
  linePx: number;
  overscan: number;
  scrollPaddingEnd?: number;
}) {
  const { frame, linePx, ...rest } = options;
  const [, draw] = useReducer((n: number) => n + 1, 0);
  const tall = useRef<TallFrame>(undefined);
  const tallFrame = () => {
    if (frame.current) tall.current ??= new TallFrame(frame.current, draw);
    return tall.current;
  };
  const lines = useVirtualizer({
    ...rest,
    estimateSize: () => linePx,
    getScrollElement: () => tallFrame()?.asElement() ?? null,
    observeElementRect: (_, onRect) => watchSize(frame.current!, onRect),
  });
  const wholePx = lines.getTotalSize();
  useLayoutEffect(() => tallFrame()!.lay(wholePx));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the frame stays for as long as the list does
  useEffect(() => tallFrame()!.watch(flushSync), []);
  return {
    lines,
    heightPx: Math.min(wholePx, MOST_PX),
    topOf: (line: VirtualItem) => line.start - (tall.current?.shift ?? 0),
  };
}

function watchSize(frame: HTMLElement, onSize: (size: { width: number; height: number }) => void): () => void {
  const look = () => onSize({ width: frame.clientWidth, height: frame.clientHeight });
  look();
  const watch = new ResizeObserver(look);
  watch.observe(frame);
  return () => watch.disconnect();
}
