import type { AdapterRecord } from '../../engine/protocol.ts';

/** Records of before there were other methods say nothing of theirs. */
export function isLora({ method = 'LoRA' }: Pick<AdapterRecord, 'method'>): boolean {
  return method === 'LoRA';
}
