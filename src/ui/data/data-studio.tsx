import { useStore } from 'zustand';
import { Boundary } from '../shell/boundary.tsx';
import { Xray } from '../xray/xray.tsx';
import { dataStore } from './data-store.ts';
import { DataSummary } from './data-summary.tsx';
import { Doctor } from './doctor.tsx';
import { Mapping } from './mapping.tsx';
import { Notices } from './notices.tsx';
import { RowsRanked } from './ranking.tsx';
import { RowOptions } from './row-options.tsx';
import { RowsTable } from './rows-table.tsx';
import { words } from './words.ts';
import './table.css';

/** The rows are the big thing; how they are read and what is wrong with them stand beside and below. */
export function DataStudio() {
  const isFailed = useStore(dataStore, (s) => s.status === 'failed');
  // Nothing can be read as it stands: how it is read comes first, also where all stands in one column.
  const isMisread = useStore(dataStore, (s) => s.status === 'ready' && s.report?.rows === 0);
  const hasReport = useStore(dataStore, (s) => s.report !== undefined);
  const hasRows = useStore(dataStore, (s) => s.report !== undefined || s.progress?.unit === 'rows');
  return (
    <div className="place data-place">
      <div className="data-wide">
        <DataSummary />
      </div>
      <div className="stack data-main">
        {hasRows && (
          <Boundary>
            <RowsTable />
          </Boundary>
        )}
        {hasReport && (
          <Boundary>
            <Xray />
            {!isMisread && <Doctor />}
            {!isMisread && <RowsRanked />}
            <Notices title={words.skipped} list="skipped" />
            <Notices title={words.warnings} list="warnings" />
          </Boundary>
        )}
      </div>
      <div className={isMisread ? 'stack data-side data-side-first' : 'stack data-side'}>
        {hasReport && <Mapping />}
        {!isFailed && <RowOptions />}
      </div>
    </div>
  );
}
