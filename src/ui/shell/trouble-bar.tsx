import { useStore } from 'zustand';
import { Icon } from '../controls/icon.tsx';
import { SaveRecord } from '../report/report-offer.tsx';
import { clearTrouble, troubleStore } from './trouble-store.ts';
import { waysOut } from './ways-out.ts';
import { words } from './words.ts';

export function TroubleBar() {
  const message = useStore(troubleStore, (s) => s.message);
  const said = useStore(troubleStore, (s) => s.said);
  return (
    <>
      <div className="unseen" role="status" aria-live="polite">
        {said}
      </div>
      {message && (
        <div className="trouble-bar" role="alert">
          <p className="breaks">
            <strong>{words.trouble.label}:</strong> {message}
          </p>
          <div className="line">
            {waysOut(message).map(({ label, onClick }) => (
              <button key={label} type="button" className="button" onClick={onClick}>
                {label}
              </button>
            ))}
            <SaveRecord />
          </div>
          <button
            type="button"
            className="button button-plain button-icon"
            aria-label={words.trouble.dismiss}
            onClick={clearTrouble}
          >
            <Icon name="close" />
          </button>
        </div>
      )}
    </>
  );
}
