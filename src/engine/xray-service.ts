// Token x-ray: scores single rows of the open dataset through the base's eyes, an adapter's, or those of the adapter that is
// being trained, in turns of its own between the steps. The compiled pass is kept from row to row of about the same length.

import { makeBatch } from '../data/make-batch.ts';
import type { TokenRow } from '../data/types.ts';
import type { FlatAdapter } from '../lora/flat-adapter.ts';
import type { BaseModel } from '../model/base-model.ts';
import { Generator } from '../train/generate.ts';
import { sizeClass } from '../train/run-shape.ts';
import { Scorer } from '../train/score.ts';
import { withPrompt } from '../train/soft-prompt.ts';
import type { LibraryService } from './library-service.ts';
import { isRunningAdapter, type TokenGuess, type Xray, type XrayApi, type XrayEyes } from './protocol.ts';
import type { Session } from './session.ts';

const CHOICES = 5;

interface Pass {
  readonly model: BaseModel;
  readonly adapter: FlatAdapter | undefined;
  readonly columns: number;
  readonly scorer: Scorer;
}

export class XrayService implements XrayApi {
  /** One for the base and one for an adapter: the page changes between the two. */
  private readonly passes = new Map<'base' | 'adapter', Pass>();

  constructor(
    private readonly session: Session,
    private readonly library: LibraryService,
  ) {}

  async losses(row: number, eyes: XrayEyes): Promise<Xray> {
    const whole = allLearned(this.rowAt(row));
    return this.session.turns.during(async () => {
      const adapter = await this.adapterOf(eyes);
      const rows = withPrompt([whole], adapter);
      const { scorer, columns } = await this.passFor(adapter, rows[0]!.ids.length);
      const { losses } = await scorer.score(makeBatch(rows, [0], columns));
      const all = new Float32Array(whole.ids.length).fill(Number.NaN);
      all.set(losses, 1);
      return { losses: all };
    });
  }

  async guesses(row: number, at: number, eyes: readonly XrayEyes[]): Promise<readonly TokenGuess[]> {
    const { ids } = this.rowAt(row);
    if (!(at >= 1 && at < ids.length))
      throw new RangeError(`Cannot look at token ${at}: the row has ${ids.length}, need 1 to ${ids.length - 1}`);
    return this.session.turns.during(async () => {
      const tokenizer = this.session.needTokenizer();
      const answers = [];
      for (const one of eyes) answers.push({ adapter: await this.adapterOf(one), strength: 1 });
      const generator = await Generator.create(this.session.needModel(), answers, at + 1);
      try {
        const found = await generator.judgeNext([...ids.subarray(0, at)], ids[at]!, CHOICES);
        return found.map(({ probability, likeliest }, i) => ({
          eyes: eyes[i]!,
          probability,
          choices: likeliest.map((one) => ({ ...one, text: tokenizer.decode([one.id], { special: true }) })),
        }));
      } finally {
        generator.destroy();
      }
    });
  }

  private rowAt(index: number): TokenRow {
    const rows = this.session.data?.dataset?.rows;
    const row = rows?.[index];
    if (row === undefined)
      throw new RangeError(`Cannot look at row ${index + 1}: the dataset has ${rows?.length ?? 0} rows`);
    return row;
  }

  private async adapterOf(eyes: XrayEyes): Promise<FlatAdapter | undefined> {
    if (eyes === null) return undefined;
    return isRunningAdapter(eyes) ? this.session.needTraining(eyes) : this.library.load(eyes);
  }

  private async passFor(adapter: FlatAdapter | undefined, tokens: number): Promise<Pass> {
    const model = this.session.needModel();
    const columns = sizeClass(tokens);
    const key = adapter === undefined ? 'base' : 'adapter';
    const known = this.passes.get(key);
    if (known?.model === model && known.adapter === adapter && known.columns >= tokens && known.columns <= 2 * columns)
      return known;
    known?.scorer.destroy();
    this.passes.delete(key);
    const scorer = await Scorer.create(model, adapter, columns, columns);
    const pass = { model, adapter, columns, scorer };
    this.passes.set(key, pass);
    return pass;
  }
}

/** The same tokens, all of them judged. */
function allLearned(row: TokenRow): TokenRow {
  const mask = new Uint8Array(row.ids.length).fill(1);
  mask[0] = 0;
  return { ...row, mask };
}
