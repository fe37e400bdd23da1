import { type ReactNode, useEffect, useRef } from 'react';
import { useTallList } from './use-tall-list.ts';

/** A list that scrolls in a frame of its own: only the lines in its window exist on the page, each as high as it needs. */
export function VirtualList(props: {
  name: string;
  count: number;
  /** About as high as a line is. */
  linePx: number;
  frame: string;
  line: string;
  /** Told which lines are wanted. */
  onWindow?: (first: number, last: number) => void;
  children: (index: number) => ReactNode;
}) {
  const { count, onWindow } = props;
  const frame = useRef<HTMLDivElement>(null);
  const { lines, heightPx, topOf } = useTallList({ frame, count, linePx: props.linePx, overscan: 6 });
  const items = lines.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => onWindow?.(first, last), [onWindow, first, last]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
    <section className={props.frame} ref={frame} tabIndex={0} aria-label={props.name}>
      <ul className="virtual-lines" style={{ height: heightPx }}>
        {items.map((item) => (
          <li
            key={item.key}
            ref={lines.measureElement}
            data-index={item.index}
            aria-setsize={count}
            aria-posinset={item.index + 1}
            className={`virtual-line ${props.line}`}
            style={{ transform: `translateY(${topOf(item)}px)` }}
          >
            {props.children(item.index)}
          </li>
        ))}
      </ul>
    </section>
  );
}
