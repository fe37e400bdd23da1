import { useStore } from 'zustand';
import type { Advice, Reason } from '../../engine/protocol.ts';
import { NumberField } from '../controls/number-field.tsx';
import { bytes, clock } from '../format.ts';
import { askAutopilot, autopilotStore, takeProposal } from './autopilot-store.ts';
import { BUDGET, budgetStore, changeBudget } from './budget-store.ts';
import { differences, settingName, settingText } from './describe-settings.ts';
import { planStore } from './plan-store.ts';
import { running, runStore } from './run-store.ts';
import { settingsStore } from './settings-store.ts';
import { words } from './words.ts';

const w = words.autopilot;

const RULE = { ...w.budget, ...BUDGET, unit: 'GB', stops: [0.5, 1, 2, 4, 6, 8, 12, 16, 24, 48, 80] };

/** Measures this GPU once, then says how long a run will take and what would suit it better, with the reasons. */
export function Autopilot() {
  const { status, advice, problem } = useStore(autopilotStore);
  const budgetBytes = useStore(budgetStore, (s) => s.budgetBytes);
  const hasPlan = useStore(planStore, (s) => s.plan !== undefined);
  const isRunning = useStore(runStore, running);
  const isOfRun = useStore(runStore, (s) => s.predicted !== undefined);
  return (
    <section className="autopilot stack-tight" aria-labelledby="autopilot">
      <h3 id="autopilot">{w.title}</h3>
      {!advice && <p className="hint">{w.body}</p>}
      {advice && (!isRunning || isOfRun) && <Predicted advice={advice} />}
      {advice && !isRunning && <Proposed advice={advice} />}
      <NumberField noSlider rule={RULE} value={budgetBytes / 1e9} disabled={isRunning} onChange={changeBudget} />
      <button
        type="button"
        className="button"
        disabled={!hasPlan || isRunning || status === 'measuring'}
        onClick={() => void askAutopilot()}
      >
        {status === 'measuring' ? w.measuring : advice ? w.again : w.ask}
      </button>
      {problem && <p className="wrong">{problem}.</p>}
    </section>
  );
}

function Predicted({ advice: { now } }: { advice: Advice }) {
  return <p className="small number">{w.predicts(duration(now.stepMs), clock(now.totalMs), bytes(now.totalBytes))}</p>;
}

export function duration(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function Proposed({ advice: { proposal } }: { advice: Advice }) {
  const settings = useStore(settingsStore, (s) => s.settings);
  const changes = differences([settings, proposal.settings]);
  return (
    <div className="stack-tight autopilot-proposal">
      <p className="small">
        <b>{changes.length === 0 ? w.asItIs : w.proposes}</b> {!proposal.isFitting && w.tooLarge}
      </p>
      <ul className="autopilot-reasons small number">
        {proposal.reasons.map((reason) => (
          <li key={reason.setting}>
            {reason.setting !== 'scheme' && (
              <b>
                {settingName(reason.setting)} {settingText(proposal.settings, reason.setting)}
              </b>
            )}{' '}
            <span className="soft">{why(reason)}</span>
          </li>
        ))}
      </ul>
      {changes.length > 0 && (
        <button type="button" className="button button-main" onClick={takeProposal}>
          {w.take}
        </button>
      )}
    </div>
  );
}

function why(reason: Reason): string {
  const says = w.reasons;
  if (reason.setting === 'rank') return says.rank(reason.supervisedTokens);
  if (reason.setting === 'seqLen') return says.seqLen(reason.longest, reason.longer);
  if (reason.setting === 'batchSize') return says.batchSize(reason.rows, reason.isMemory);
  if (reason.setting === 'checkpointing')
    return says.checkpointing(
      words.checkpointing.labels[reason.level],
      bytes(reason.totalBytes),
      bytes(reason.budgetBytes),
    );
  return says.scheme(bytes(reason.weightBytes), bytes(reason.budgetBytes));
}
