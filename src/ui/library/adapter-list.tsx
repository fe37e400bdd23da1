import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { AdapterRecord } from '../../engine/protocol.ts';
import { AdapterCard } from './adapter-card.tsx';
import { words } from './words.ts';

const LEAST_CARD_PX = 340;
const GAP_PX = 20;
/** About as high as a card is. */
const CARD_PX = 440;

/** Cards side by side as the width allows; only the rows in the window exist on the page, so that a thousand are as quick as ten. */
export function AdapterList({ adapters }: { adapters: readonly AdapterRecord[] }) {
  const list = useRef<HTMLDivElement>(null);
  const { columns, top } = usePlace(list);
  const rows = useWindowVirtualizer({
    count: Math.ceil(adapters.length / columns),
    estimateSize: () => CARD_PX,
    gap: GAP_PX,
    overscan: 2,
    scrollMargin: top,
  });
  // Rows of another width are as high as they are, not as they were; those that stay on the page tell nobody by themselves.
  // biome-ignore lint/correctness/useExhaustiveDependencies: measured anew for each number of columns
  useEffect(() => {
    rows.measure();
    for (const row of list.current!.querySelectorAll<HTMLElement>('.adapter-row')) rows.measureElement(row);
  }, [columns]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: between a list and its items stand the rows
    <div
      role="list"
      aria-label={words.title}
      className="adapter-list"
      ref={list}
      style={{ height: rows.getTotalSize() }}
    >
      {rows.getVirtualItems().map((row) => (
        <div
          key={row.key}
          role="none"
          ref={rows.measureElement}
          data-index={row.index}
          className="adapter-row"
          style={{
            transform: `translateY(${row.start - top}px)`,
            gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
          }}
        >
          {adapters.slice(row.index * columns, (row.index + 1) * columns).map((adapter, i) => (
            // biome-ignore lint/a11y/useSemanticElements: between a list and its items stand the rows
            <div
              key={adapter.id}
              role="listitem"
              className="adapter-item"
              aria-setsize={adapters.length}
              aria-posinset={row.index * columns + i + 1}
            >
              <AdapterCard adapter={adapter} />
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}

/** How many cards stand side by side, and how far from the page's top the list begins. */
function usePlace(list: React.RefObject<HTMLDivElement | null>): { columns: number; top: number } {
  const [place, setPlace] = useState({ columns: 1, top: 0 });
  useLayoutEffect(() => {
    const look = () => {
      const box = list.current!.getBoundingClientRect();
      const columns = Math.max(1, Math.floor((box.width + GAP_PX) / (LEAST_CARD_PX + GAP_PX)));
      const top = Math.round(box.top + scrollY);
      setPlace((known) => (known.columns === columns && known.top === top ? known : { columns, top }));
    };
    look();
    // What stands above the list comes and goes; it shows in the page's height.
    const watch = new ResizeObserver(look);
    watch.observe(list.current!);
    watch.observe(document.body);
    return () => watch.disconnect();
  }, [list]);
  return place;
}
