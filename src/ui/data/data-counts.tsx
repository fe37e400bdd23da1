import type { DatasetReport } from '../../engine/protocol.ts';
import { count } from '../format.ts';
import { words } from './words.ts';

export function DataCounts({ report }: { report: DatasetReport }) {
  const w = words.counts;
  const share = report.tokens > 0 ? Math.round((report.supervisedTokens / report.tokens) * 100) : 0;
  const counts: readonly (readonly [string, string, string?])[] = [
    [count(report.rows), w.rows(report.rows)],
    [count(report.tokens), w.tokens(report.tokens)],
    [`${share} %`, w.supervised, 'data-count-learned'],
    [count(report.longestRow), w.longest],
    [count(report.skipped), w.skipped, report.skipped > 0 ? 'data-count-bad' : ''],
    [count(report.warnings), w.warnings(report.warnings), report.warnings > 0 ? 'data-count-warn' : ''],
  ];
  return (
    <dl className="data-counts number">
      {counts.map(([value, name, look]) => (
        <div key={name} className={look}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
