import { useStore } from 'zustand';
import type { AdapterRecord } from '../../engine/protocol.ts';
import { CopyButton } from '../controls/copy-button.tsx';
import { Icon } from '../controls/icon.tsx';
import { exportStore, type LastWritten, showWritten } from './export-store.ts';
import { loadingLines } from './loading-lines.ts';
import { words } from './words.ts';
import './how-to-use.css';

/** After a download: where the file goes, as lines to copy. */
export function HowToUse({ adapter }: { adapter: AdapterRecord }) {
  const written = useStore(exportStore, (s) => (s.written?.id === adapter.id ? s.written : undefined));
  return written ? <Lines key={written.fileName} written={written} adapter={adapter} /> : null;
}

function Lines({ written, adapter }: { written: LastWritten; adapter: AdapterRecord }) {
  const { format, fileName, notices } = written;
  const w = words.use;
  const { folder, program, lines, needsBase } = loadingLines({ format, fileName, adapter });
  const hints = [folder && w.unpack(folder), needsBase && w.base(adapter.baseName), ...notices.map(w.notice)];
  return (
    <section className="how-to" aria-label={w.label(fileName)}>
      <div className="line line-apart how-to-head">
        <p className="small breaks">
          <b>{w.title(fileName)}</b> {w.with[format]}
        </p>
        <button
          type="button"
          className="button button-plain button-icon"
          aria-label={w.close}
          title={w.close}
          onClick={() => showWritten(undefined)}
        >
          <Icon name="close" />
        </button>
      </div>
      <ul className="how-to-hints hint breaks">
        {hints
          .filter((hint) => typeof hint === 'string')
          .map((hint) => (
            <li key={hint}>{hint}</li>
          ))}
      </ul>
      <Code program={program} lines={lines} />
    </section>
  );
}

function Code({ program, lines }: { program: string; lines: readonly string[] }) {
  const text = lines.join('\n');
  return (
    <div className="how-to-code">
      <div className="line line-apart">
        <span className="hint">{program}</span>
        <CopyButton text={text} />
      </div>
      <pre className="mono" dir="ltr">
        {text}
      </pre>
    </div>
  );
}
