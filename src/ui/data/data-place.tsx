import { lazy, Suspense } from 'react';
import { useStore } from 'zustand';
import { dataStore } from './data-store.ts';
import { Invitation } from './invitation.tsx';
import './data.css';

/** Fetched with the first rows, or a moment after the page is there. */
export const fetchStudio = async () => ({ default: (await import('./data-studio.tsx')).DataStudio });
const DataStudio = lazy(fetchStudio);

export function DataPlace() {
  const isEmpty = useStore(dataStore, (s) => s.status === 'none');
  if (isEmpty) return <Invitation />;
  return (
    <Suspense fallback={<div className="place place-coming" aria-busy="true" />}>
      <DataStudio />
    </Suspense>
  );
}
