// PEFT's EvaConfig (Paischer et al. 2024, "One Initialization to Rule them All: Fine-tuning via Explained Variance Adaptation").

import { isObject } from '../../model/model-file.ts';
import { bad, flag, type Json } from '../config-fields.ts';

export interface EvaConfig {
  /** A linear has at most rho times the rank that the config gives it; 1: ranks stay as they are. */
  readonly rho: number;
  /** A component has settled when its direction before and after a batch has a cosine of at least this. */
  readonly tau: number;
  /** Only tokens that are learned are looked at, prompts are not. */
  readonly use_label_mask: boolean;
  /** Of PEFT's labels; without effect here. */
  readonly label_mask_value: number;
  /** Rows of A are divided by the root of their singular values. */
  readonly whiten: boolean;
  /** alpha grows with the rank, so that alpha / r stays what it was. */
  readonly adjust_scaling_factors: boolean;
}

const DEFAULT_EVA: EvaConfig = {
  rho: 2,
  tau: 0.99,
  use_label_mask: true,
  label_mask_value: -100,
  whiten: false,
  adjust_scaling_factors: true,
};

/** Throws a RangeError that names the field. */
export function parseEvaConfig(value: unknown): EvaConfig {
  if (!isObject(value)) throw bad('eva_config', value, 'an object or null');
  const json: Json = value;
  const unknown = Object.keys(json).find((key) => !Object.hasOwn(DEFAULT_EVA, key));
  if (unknown !== undefined) throw bad(`eva_config.${unknown}`, json[unknown], Object.keys(DEFAULT_EVA).join(', '));
  const number = (key: 'rho' | 'tau', low: number, high: number) => {
    const found = json[key] ?? DEFAULT_EVA[key];
    if (typeof found === 'number' && found >= low && found <= high) return found;
    throw bad(`eva_config.${key}`, found, `a number from ${low} to ${high}`);
  };
  const { label_mask_value = DEFAULT_EVA.label_mask_value } = json;
  if (!Number.isInteger(label_mask_value)) throw bad('eva_config.label_mask_value', label_mask_value, 'a whole number');
  return {
    rho: number('rho', 1, MOST_RHO),
    tau: number('tau', 0, 1),
    use_label_mask: flag(json, 'use_label_mask', DEFAULT_EVA.use_label_mask),
    label_mask_value: label_mask_value as number,
    whiten: flag(json, 'whiten', DEFAULT_EVA.whiten),
    adjust_scaling_factors: flag(json, 'adjust_scaling_factors', DEFAULT_EVA.adjust_scaling_factors),
  };
}

/** Beyond it PEFT takes another. */
const MOST_RHO = 1000;
