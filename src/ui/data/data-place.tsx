import { useStore } from 'zustand';
import { Boundary } from '../shell/boundary.tsx';
import { dataStore } from './data-store.ts';
import { DataSummary } from './data-summary.tsx';
import { Invitation } from './invitation.tsx';
import { Mapping } from './mapping.tsx';
import { Notices } from './notices.tsx';
import { RowOptions } from './row-options.tsx';
import { RowPreview } from './row-preview.tsx';
import { words } from './words.ts';
import './data.css';

export function DataPlace() {
  const status = useStore(dataStore, (s) => s.status);
  const hasReport = useStore(dataStore, (s) => s.report !== undefined);
  if (status === 'none') return <Invitation />;
  return (
    <div className="place data-place">
      <div className="data-wide">
        <DataSummary />
      </div>
      <div className="stack data-side">
        {hasReport && <Mapping />}
        <RowOptions />
      </div>
      <div className="stack">
        {hasReport && (
          <Boundary>
            <RowPreview />
            <Notices title={words.skipped} pick={(report) => report.skipped} />
            <Notices title={words.warnings} pick={(report) => report.warnings} />
          </Boundary>
        )}
      </div>
    </div>
  );
}
