// Play: questions and the answers that come token by token.

export interface GenerateRequest {
  /** Rendered through the chat template when `chat`, else continued as it is. */
  readonly prompt: string;
  readonly chat: boolean;
  /** One answer per entry, side by side in one batch: `null` = base alone, else an adapter id. */
  readonly answers: readonly { readonly adapterId: string | null; readonly strength: number }[];
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
}

export interface GenerateEvent {
  /** Which entry of `answers`. */
  readonly answer: number;
  /** Text that is new since the last event; never half a character. */
  readonly text: string;
  readonly done: boolean;
  /** Why it ended, when done. */
  readonly reason: 'end-of-turn' | 'length' | 'stopped' | undefined;
  readonly tokensPerSecond: number;
}

export interface PlayApi {
  generate(request: GenerateRequest, onEvent: (event: GenerateEvent) => void): Promise<void>;
  stopGenerating(): Promise<void>;
}
