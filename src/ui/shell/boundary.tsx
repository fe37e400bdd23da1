import { Component, type ReactNode } from 'react';
import { Note } from '../controls/note.tsx';
import { sentence } from '../engine.ts';
import { words } from './words.ts';

/** A panel that throws while drawing becomes a note with a way back, and the rest of the page stays. */
export class Boundary extends Component<{ children: ReactNode }, { problem: string | undefined }> {
  override state = { problem: undefined };

  static getDerivedStateFromError(error: unknown) {
    return { problem: sentence(error) };
  }

  override render() {
    if (this.state.problem === undefined) return this.props.children;
    const ways = [
      { label: words.broken.retry, onClick: () => this.setState({ problem: undefined }) },
      { label: words.trouble.reload, onClick: () => location.reload() },
    ];
    return (
      <div className="place">
        <Note title={`${words.broken.title}: ${this.state.problem}.`} ways={ways}>
          {words.broken.body}
        </Note>
      </div>
    );
  }
}
