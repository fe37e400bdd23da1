import { saveBytes } from '../library/save-bytes.ts';
import { showTrouble } from '../shell/trouble-store.ts';
import type { ChartSpec } from './chart-spec.ts';
import type { ChartViewStore } from './chart-view.ts';
import { words } from './words.ts';
import { svgToPng, writeSvg } from './write-svg.ts';

type Kind = 'PNG' | 'SVG' | 'CSV';

/** What is shown, as a picture or as numbers. */
export function SaveChart(props: { spec: ChartSpec; view: ChartViewStore; csv: () => string; disabled: boolean }) {
  async function save(kind: Kind) {
    const { spec, view, csv } = props;
    const style = getComputedStyle(document.documentElement);
    const of = (name: string) => (name.startsWith('--') ? style.getPropertyValue(name).trim() : name);
    const name = `${spec.title.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '')}.${kind.toLowerCase()}`;
    const bytes = (text: string) => new TextEncoder().encode(text);
    try {
      if (kind === 'CSV') return saveBytes(name, bytes(csv()), 'text/csv');
      const svg = writeSvg(spec, view.getState(), { of });
      if (kind === 'SVG') return saveBytes(name, bytes(svg), 'image/svg+xml');
      saveBytes(name, new Uint8Array(await (await svgToPng(svg)).arrayBuffer()), 'image/png');
    } catch (error) {
      showTrouble(error);
    }
  }
  return (
    <p className="line small soft chart-save">
      {words.save}
      {(['PNG', 'SVG', 'CSV'] as const).map((kind) => (
        <button
          type="button"
          key={kind}
          className="link-button"
          aria-label={words.saveAs(kind)}
          disabled={props.disabled}
          onClick={() => void save(kind)}
        >
          {kind}
        </button>
      ))}
    </p>
  );
}
