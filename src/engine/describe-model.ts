// An opened base in the words of the protocol.

import type { BaseModel } from '../model/base-model.ts';
import { countParameters } from '../model/model-parts.ts';
import type { Tokenizer } from '../model/tokenizer.ts';
import type { ModelReport } from './protocol.ts';

export function describeModel(model: BaseModel, tokenizer: Tokenizer | undefined, id: string): ModelReport {
  const { config, folder, weights } = model;
  return {
    id,
    name: folder.name,
    family: config.family,
    parameters: countParameters(model.parts),
    layers: config.layers,
    hidden: config.hidden,
    vocabulary: config.vocab,
    contextTokens: config.contextTokens,
    quant: model.quant.linears,
    embeddingQuant: model.quant.embeddings,
    weightBytes: weights.bytes,
    licence: folder.licence,
    hasChatTemplate: tokenizer?.hasChatTemplate ?? false,
    ia3Defaults: model.parts.ia3Defaults,
    linearNames: [...new Set([...model.linears().keys()].map((path) => path.slice(path.lastIndexOf('.') + 1)))],
    savable: savable(model.parts),
    hash: weights.hash,
    notKept: weights.notKept,
    warnings: folder.warnings,
  };
}

function savable({ head, embeddings, tensors }: BaseModel['parts']): NonNullable<ModelReport['savable']> {
  const modules = tensors.filter(({ kind, name }) => kind === 'norm' && name.endsWith('.weight'));
  const last = ({ name }: { readonly name: string }) => name.split('.').at(-2)!;
  return { head: head.path, embeddings: [...embeddings.keys()], norms: [...new Set(modules.map(last))] };
}
