import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import { type Example, examplesStore, loadExamples, takeExample } from './examples-store.ts';
import { words } from './words.ts';

export function Examples() {
  const examples = useStore(examplesStore, (s) => s.examples);
  const [taking, setTaking] = useState<string>();
  useEffect(() => void loadExamples(), []);
  if (!examples) return <p className="soft small example-still">{words.examples.loading}</p>;
  if (examples.length === 0) return <p className="soft small">{words.examples.none}</p>;

  async function take(example: Example) {
    setTaking(example.file);
    await takeExample(example);
    setTaking(undefined);
  }

  return (
    <ul className="example-grid">
      {examples.map((example) => (
        <li key={example.file}>
          <button
            type="button"
            className="card example"
            disabled={taking !== undefined}
            aria-label={words.examples.takeNamed(example.title)}
            onClick={() => void take(example)}
          >
            <strong>{example.title}</strong>
            <span className="soft small">{example.description}</span>
            <span className="small example-foot">
              <span className="number soft">{words.examples.rows(example.rows)}</span>
              <span className="example-use">{words.examples.use}</span>
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
