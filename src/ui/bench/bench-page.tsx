// The hidden page #bench: what `graft bench` measures, in a browser. Loaded only at that address.
import { useState } from 'react';
import type { BenchResult, DeviceReport } from '../../engine/protocol.ts';
import { engine, sentence } from '../engine.ts';
import { bytes, rate } from '../format.ts';
import { words } from './words.ts';
import './bench.css';

const USUAL = 'XS-b1-s128 S-b1-s128 S-b4-s128 S-decode';

export function BenchPage() {
  const [cases, setCases] = useState(USUAL);
  const [device, setDevice] = useState<DeviceReport>();
  const [results, setResults] = useState<readonly BenchResult[]>([]);
  const [running, setRunning] = useState<string>();
  const [problem, setProblem] = useState<string>();

  async function measure() {
    const names = cases.split(/[\s,]+/).filter(Boolean);
    setResults([]);
    setProblem(undefined);
    try {
      setDevice(await engine().base.openDevice());
      for (const name of names) {
        setRunning(name);
        const options = { warm: 2, steps: 7, quant: 'int8-row', wantsKernels: false } as const;
        await engine().bench.run([name], options, (result) => setResults((all) => [...all, result]));
      }
    } catch (error) {
      setProblem(sentence(error));
    } finally {
      setRunning(undefined);
    }
  }

  return (
    <main className="bench">
      <h1>{words.title}</h1>
      <p>{words.what}</p>
      <label className="bench-cases">
        {words.cases}
        <input
          className="input"
          value={cases}
          onChange={(event) => setCases(event.target.value)}
          disabled={running !== undefined}
        />
        <span className="hint">{words.casesHint}</span>
      </label>
      <button type="button" className="button" onClick={() => void measure()} disabled={running !== undefined}>
        {words.run}
      </button>
      <p role="status">{running === undefined ? '' : words.running(running)}</p>
      {problem && <p className="wrong">{problem}.</p>}
      {device && (
        <p>
          {device.name}
          {device.isSoftware && ` · ${words.software}`}
        </p>
      )}
      {results.length > 0 && <Results results={results} />}
      {results.length > 0 && (
        <label className="bench-cases">
          {words.copy}
          <textarea
            className="input"
            readOnly
            rows={8}
            value={JSON.stringify({ device: device?.name, results }, null, 1)}
          />
        </label>
      )}
    </main>
  );
}

function Results({ results }: { results: readonly BenchResult[] }) {
  return (
    <div className="bench-table">
      <table>
        <thead>
          <tr>
            {Object.values(words.columns).map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {results.map((r) => (
            <tr key={r.case}>
              <th scope="row">{r.case}</th>
              <td>
                {r.msMedian.toFixed(1)} ({r.msMin.toFixed(1)} … {r.msMax.toFixed(1)})
              </td>
              <td>{(r.firstStepMs / 1000).toFixed(1)}</td>
              <td>{rate(r.tokensPerSecond)}</td>
              <td>{(r.flops / 1e9).toFixed(1)}</td>
              <td>{percent(r.flops / r.rates.flops)}</td>
              <td>{r.allocatedBytes === undefined ? '' : bytes(r.allocatedBytes)}</td>
              <td>{r.dispatches}</td>
              <td>{r.dispatchesPerLayer}</td>
              <td>{percent(r.hostMs / r.msMedian)}</td>
              <td>{r.losses.map((loss) => loss.toFixed(5)).join(' ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
