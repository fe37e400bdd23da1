import { useStore } from 'zustand';
import type { QuantAsk } from '../../engine/protocol.ts';
import { Icon } from '../controls/icon.tsx';
import { Pick } from '../controls/pick.tsx';
import { Select } from '../controls/select.tsx';
import { takeFiles } from '../shell/take-files.ts';
import { running, runStore } from '../train/run-store.ts';
import { BUNDLED, baseStore, openBase, reopenAs } from './base-store.ts';
import { words } from './words.ts';

const SCHEMES: readonly QuantAsk[] = ['auto', 'q8', 'int8-row', 'nf4', 'nf4-dq', 'f16', 'f32'];

export function AnotherBase() {
  const quant = useStore(baseStore, (s) => s.quant);
  const isOpening = useStore(baseStore, (s) => s.status === 'opening');
  const isBundled = useStore(baseStore, (s) => s.source?.kind === 'bundled');
  const locked = useStore(runStore, running);
  return (
    <section className="card stack-tight" aria-labelledby="another-base">
      <h2 id="another-base">{words.another}</h2>
      <p className="soft small">{words.anotherBody}</p>
      <div className="drop-zone">
        <p>
          <strong>{words.dropHere}</strong>
        </p>
        <div className="line base-picks">
          <Pick folder name={words.folderInput} disabled={locked} onFiles={(files) => takeFiles(files)}>
            <Icon name="folder" /> {words.pickFolder}
          </Pick>
          <Pick name={words.filesInput} disabled={locked} onFiles={(files) => takeFiles(files)}>
            {words.pickFiles}
          </Pick>
        </div>
      </div>
      {!isBundled && (
        <button type="button" className="button" disabled={locked} onClick={() => void openBase(BUNDLED())}>
          {words.bundled}
        </button>
      )}
      <Select
        name={words.scheme.name}
        value={quant}
        options={SCHEMES.map((value) => ({ value, label: words.scheme.label[value] }))}
        hint={words.scheme.hint[quant]}
        disabled={locked || isOpening}
        onChange={reopenAs}
      />
      <p className="hint">{locked ? words.locked : words.supported}</p>
    </section>
  );
}
