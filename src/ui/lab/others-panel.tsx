import { useStore } from 'zustand';
import { labStore } from './lab-store.ts';
import { words } from './words.ts';

const w = words.others;

/** How alike the changes of other adapters are. */
export function OthersPanel() {
  const likeness = useStore(labStore, (s) => s.likeness);
  return (
    <section className="card stack-tight" aria-labelledby="lab-others">
      <h2 id="lab-others">{w.title}</h2>
      {likeness?.length === 0 ? (
        <p className="soft small">{w.none}</p>
      ) : (
        <>
          <p className="soft small">{w.lead}</p>
          <ul className="lab-likeness number small">
            {likeness?.map(({ id, name, cosine }) => (
              <li key={id}>
                <span className="breaks">{w.cosine(name, cosine)}</span>
                <span className="lab-cosine" aria-hidden="true">
                  <span style={{ left: `${50 + 50 * Math.min(0, cosine)}%`, width: `${50 * Math.abs(cosine)}%` }} />
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
