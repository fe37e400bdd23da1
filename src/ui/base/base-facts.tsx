import type { ModelReport } from '../../engine/protocol.ts';
import { Note } from '../controls/note.tsx';
import { bytes, count, parameters } from '../format.ts';
import { NotKept } from './not-kept.tsx';
import { words } from './words.ts';

function keptAs({ quant, embeddingQuant }: ModelReport): string {
  const linears = `${words.scheme.label[quant]} (${quant})`;
  return quant === embeddingQuant ? linears : `${linears}; ${words.facts.embeddings(embeddingQuant)}`;
}

export function BaseFacts({ report }: { report: ModelReport }) {
  const w = words.facts;
  const big = [
    [w.parameters, parameters(report.parameters)],
    [w.weights, bytes(report.weightBytes)],
    [w.context, `${count(report.contextTokens)} tokens`],
  ];
  const small = [
    [w.precision, keptAs(report)],
    [w.licence, report.licence ?? w.noLicence],
    [w.template, report.hasChatTemplate ? w.hasTemplate : w.noTemplate],
    [w.family, report.family],
    [w.layers, count(report.layers)],
    [w.hidden, count(report.hidden)],
    [w.vocabulary, `${count(report.vocabulary)} tokens`],
    [w.linears, report.linearNames.join(', ')],
    [w.hash, report.hash.slice(0, 16)],
  ];
  return (
    <>
      <dl className="base-big number">
        {big.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <dl className="facts number">
        {small.map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd className="breaks">{value}</dd>
          </div>
        ))}
      </dl>
      {report.notKept && <NotKept key={report.hash} reason={report.notKept} />}
      {report.warnings.length > 0 && (
        <Note warn title={`${words.warnings}:`}>
          <ul>
            {report.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </Note>
      )}
    </>
  );
}
