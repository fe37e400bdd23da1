import { useStore } from 'zustand';
import type { RunRecord } from '../../engine/protocol.ts';
import { differences, settingName, settingText } from '../train/describe-settings.ts';
import { RunKey } from './run-key.tsx';
import { runsStore } from './runs-store.ts';
import { words } from './words.ts';

/** The settings in which the runs shown differ, a column a run; what is not as in the first one is marked. */
export function SettingDifferences() {
  const shown = useStore(runsStore, (s) => s.shown);
  const runs = useStore(runsStore, (s) => s.runs);
  const list = shown.flatMap((id) => runs.find((run) => run.id === id) ?? []);
  if (list.length < 2) return null;
  const rows = [
    ...facts(list),
    ...differences(list.map(({ settings }) => settings)).map((key) => ({
      name: settingName(key),
      values: list.map(({ settings }) => settingText(settings, key)),
    })),
  ];
  return (
    <section className="card stack-tight" aria-labelledby="runs-differences">
      <h2 id="runs-differences">{words.differences}</h2>
      {rows.length === 0 ? (
        <p className="soft">{words.noDifferences}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
        <section className="runs-scroll" tabIndex={0} aria-label={words.scrolls(words.differences)}>
          <table className="runs-table number">
            <thead>
              <tr>
                <th scope="col">{words.setting}</th>
                {list.map(({ id, name }) => (
                  <th scope="col" key={id}>
                    <RunKey id={id} /> <span className="breaks">{name}</span>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map(({ name, values }) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  {values.map((value, i) => (
                    <td key={list[i]!.id} className={value === values[0] ? 'soft' : 'runs-differs'}>
                      {value}
                      {value !== values[0] && <span className="unseen"> ({words.differs})</span>}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

/** Base, data and start, where they are not the same. */
function facts(list: readonly RunRecord[]) {
  const all = [
    { name: words.columns.base, values: list.map(({ base }) => `${base.name} (${base.quant})`) },
    { name: words.columns.data, values: list.map(({ data }) => `${data.name}, ${data.hash.slice(0, 6)}`) },
    { name: words.from, values: list.map(startOf) },
  ];
  return all.filter(({ values }) => values.some((value) => value !== values[0]));
}

export function startOf({ from }: RunRecord): string {
  if (!from) return words.fresh;
  return from.kind === 'state' ? words.fromState(from.name, from.step) : from.name;
}
