// Play: answers of the base and of adapters, side by side in one batch.

import { Generator } from '../train/generate.ts';
import { encodeRequest } from './encode-request.ts';
import type { LibraryService } from './library-service.ts';
import type { GenerateEvent, GenerateRequest, PlayApi } from './protocol.ts';
import type { Session } from './session.ts';

export class PlayService implements PlayApi {
  private generating: AbortController | undefined;

  constructor(
    private readonly session: Session,
    private readonly library: LibraryService,
  ) {}

  async generate(request: GenerateRequest, onEvent: (event: GenerateEvent) => void): Promise<void> {
    const model = this.session.needModel();
    const tokenizer = this.session.needTokenizer();
    this.generating?.abort();
    const abort = new AbortController();
    this.generating = abort;
    const answers = [];
    for (const { adapterId, strength } of request.answers)
      answers.push({ adapter: adapterId === null ? undefined : await this.library.load(adapterId), strength });
    const ids = encodeRequest(tokenizer, request.prompt, request.chat);
    const room = model.config.contextTokens - ids.length;
    if (room < 1)
      throw new RangeError(
        `Cannot answer: found a prompt of ${ids.length} tokens, need fewer than the base's ${model.config.contextTokens}`,
      );
    const maxTokens = Math.min(request.maxTokens, room);
    const generator = await Generator.create(model, answers, ids.length + maxTokens);
    try {
      const streams = answers.map(() => tokenizer.decodeStream());
      const began = performance.now();
      let tokens = 0;
      const options = { ...request, maxTokens, stopIds: tokenizer.endOfTurn, signal: abort.signal };
      for await (const { answer, id, reason } of generator.run(ids, options)) {
        if (id !== undefined) tokens++;
        const fresh = id === undefined ? streams[answer]!.end() : streams[answer]!.push(id);
        const tokensPerSecond = tokens / ((performance.now() - began) / 1000);
        if (fresh !== '' || reason !== undefined)
          onEvent({ answer, text: fresh, done: reason !== undefined, reason, tokensPerSecond });
      }
    } finally {
      generator.destroy();
      if (this.generating === abort) this.generating = undefined;
    }
  }

  async stopGenerating(): Promise<void> {
    this.generating?.abort();
  }
}
