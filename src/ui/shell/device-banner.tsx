import { useStore } from 'zustand';
import { bringUp } from '../bring-up.ts';
import { deviceStore } from './device-store.ts';
import { words } from './words.ts';

interface Advice {
  readonly says: string;
  readonly steps: readonly string[];
  readonly blocks: boolean;
}

function advise(state: ReturnType<typeof deviceStore.getState>): Advice | undefined {
  const w = words.banner;
  const { report, problem } = state;
  if (problem) return { says: `${w.failed} ${problem}.`, steps: w.noAdapterSteps, blocks: true };
  if (!report) return undefined;
  if (report.status === 'no-webgpu') {
    return { says: isSecureContext ? w.noWebGpu : w.insecure, steps: w.noWebGpuSteps, blocks: true };
  }
  if (report.status === 'no-adapter') return { says: w.noAdapter, steps: w.noAdapterSteps, blocks: true };
  return report.isSoftware ? { says: w.software, steps: w.softwareSteps, blocks: false } : undefined;
}

export function DeviceBanner() {
  const advice = advise(useStore(deviceStore));
  if (!advice) return null;
  const w = words.banner;
  return (
    <section className={advice.blocks ? 'banner banner-blocks' : 'banner'} aria-label={words.device.label}>
      <details open={advice.blocks}>
        <summary>
          <strong>{advice.says}</strong> <span className="banner-more">{w.whatToDo}</span>
        </summary>
        <div className="stack-tight">
          <ul className="banner-steps">
            {advice.steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ul>
          {advice.blocks && (
            <div className="line">
              <button type="button" className="button" onClick={() => void bringUp()}>
                {w.retry}
              </button>
              <span className="small">{w.stillWorks}</span>
            </div>
          )}
        </div>
      </details>
    </section>
  );
}
