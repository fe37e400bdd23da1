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
            <Doctor />
            <RowsRanked />
            <Notices title={words.skipped} list="skipped" />
            <Notices title={words.warnings} list="warnings" />
          </Boundary>
        )}
      </div>
      <div className="stack data-side">
        {hasReport && <Mapping />}
        <RowOptions />
      </div>
    </div>
  );
}
