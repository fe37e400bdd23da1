import { count } from '../format.ts';

export const words = {
  axes: 'Axes',
  logValues: 'Log loss',
  logSteps: 'Log steps',
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
  whole: 'Whole run',
  step: 'Step to read',
  stepOf: (step: number, last: number) => `step ${count(step)} of ${count(last)}`,
  save: 'Save as',
  saveAs: (kind: string) => `Save the curves as ${kind}`,
} as const;
