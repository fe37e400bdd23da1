import { Duel } from './duel.tsx';

export function PlayPlace() {
  return (
    <div className="place play-place">
      <Duel />
    </div>
  );
}
