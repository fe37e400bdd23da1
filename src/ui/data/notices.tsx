import { useCallback, useEffect, useState } from 'react';
import { useStore } from 'zustand';
import type { DatasetNotice, DatasetReport, NoticeList } from '../../engine/protocol.ts';
import { VirtualList } from '../controls/virtual-list.tsx';
import { engine } from '../engine.ts';
import { count } from '../format.ts';
import { showTrouble } from '../shell/trouble-store.ts';
import { dataStore } from './data-store.ts';
import { words } from './words.ts';

const PAGE_NOTICES = 100;
const LINE_PX = 34;

/** Every row that is left out, or used with something to know, however many: the worker has them, the page those in sight. */
export function Notices({ title, list }: { title: string; list: NoticeList }) {
  const report = useStore(dataStore, (s) => s.report);
  const total = report?.[list] ?? 0;
  const [isOpen, setIsOpen] = useState(true);
  if (!report || total === 0) return null;
  return (
    <section className="card" aria-label={title}>
      <details open={isOpen} onToggle={(event) => setIsOpen(event.currentTarget.open)}>
        <summary className="notices-head">
          <h2>{title}</h2>
          <span className="pill number">{count(total)}</span>
        </summary>
        {isOpen && <Lines title={title} list={list} report={report} />}
      </details>
    </section>
  );
}

function Lines({ title, list, report }: { title: string; list: NoticeList; report: DatasetReport }) {
  const { noticeAt, onWindow } = useNotices(list, report.version);
  return (
    <VirtualList
      name={words.noticesOf(title)}
      count={report[list]}
      linePx={LINE_PX}
      frame="notices small"
      line="notice"
      onWindow={onWindow}
    >
      {(index) => <Line notice={noticeAt(index)} isOneOfMany={report.files > 1} />}
    </VirtualList>
  );
}

function Line({ notice, isOneOfMany }: { notice: DatasetNotice | undefined; isOneOfMany: boolean }) {
  return (
    <>
      <span className="number soft notice-line">
        {notice && isOneOfMany && `${notice.file}, `}
        {notice ? words.line(notice.line) : '…'}
      </span>
      <span className="breaks">{notice?.reason}</span>
    </>
  );
}

/** Pages of the list as they come into sight; all of them are asked for anew when the rows have changed. */
function useNotices(list: NoticeList, version: number) {
  const [known, setKnown] = useState<{ version: number; pages: ReadonlyMap<number, readonly DatasetNotice[]> }>();
  const [window, setWindow] = useState<readonly [number, number]>([0, 0]);
  const onWindow = useCallback(
    (first: number, last: number) => setWindow([Math.floor(first / PAGE_NOTICES), Math.floor(last / PAGE_NOTICES)]),
    [],
  );
  const [from, to] = window;
  useEffect(() => {
    let isOver = false;
    const ask = async () => {
      const asked = Array.from({ length: to - from + 1 }, (_, i) => from + i);
      const pages = await Promise.all(
        asked.map(async (page) => {
          const notices = await engine().data.notices(list, page * PAGE_NOTICES, PAGE_NOTICES);
          return [page, notices] as const;
        }),
      );
      if (!isOver) setKnown({ version, pages: new Map(pages) });
    };
    void ask().catch(showTrouble);
    return () => {
      isOver = true;
    };
  }, [list, version, from, to]);
  return {
    onWindow,
    noticeAt: (index: number) => known?.pages.get(Math.floor(index / PAGE_NOTICES))?.[index % PAGE_NOTICES],
  };
}
