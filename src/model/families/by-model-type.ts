// `model_type` of config.json → family: the one place that lists them.

import type { Family } from './family.ts';
import { llama } from './llama.ts';

export const FAMILIES: ReadonlyMap<string, Family> = new Map<string, Family>([['llama', llama]]);
