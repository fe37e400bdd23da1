// The words of the field, one sentence each, for people who have not met them. One place, so that they say the same wherever
// they are asked for.

export interface Entry {
  /** The first is its title; a setting or a column that is called like any of them is explained by it. */
  readonly names: readonly string[];
  readonly says: string;
}

export const glossary: readonly Entry[] = [
  {
    names: ['adapter', 'LoRA'],
    says: 'A small set of numbers beside the model that changes how it answers; the model itself stays as it is (LoRA, low-rank adaptation).',
  },
  {
    names: ['base', 'base model'],
    says: 'The model that an adapter is trained on and used with. It is frozen: training never changes it.',
  },
  {
    names: ['rank', 'r'],
    says: 'How wide the adapter is: more rank can hold more, takes more memory, and learns small data by heart sooner.',
  },
  {
    names: ['alpha', 'lora_alpha'],
    says: 'How strongly the adapter is added: its output is multiplied by alpha divided by rank.',
  },
  {
    names: ['learning rate', 'lr'],
    says: 'How far each step moves the adapter. Too high and the loss jumps, too low and nothing happens.',
  },
  {
    names: ['learning rate over time', 'schedule'],
    says: 'How the learning rate goes from the first step to the last.',
  },
  {
    names: ['warm-up', 'warm-up steps'],
    says: 'The first steps, in which the learning rate rises from zero, so that a fresh adapter is not thrown about.',
  },
  { names: ['epoch', 'epochs'], says: 'One pass over all rows of the data.' },
  { names: ['step', 'steps'], says: 'One change of the adapter, after looking at the rows of one batch.' },
  {
    names: ['batch size', 'rows per step'],
    says: 'How many rows are looked at before the adapter is changed. More make a calmer curve and need more memory.',
  },
  {
    names: ['gradient accumulation', 'accumulation'],
    says: 'Several batches count as one step: as calm as a large batch, in the memory of a small one.',
  },
  {
    names: ['token', 'tokens'],
    says: 'A piece of text as the model reads it: a word, a part of one, or a sign. About four letters of English.',
  },
  {
    names: ['sequence length', 'tokens per row'],
    says: 'The longest row, in tokens, that is read at once; longer rows are cut or split.',
  },
  {
    names: ['validation', 'held back'],
    says: 'Rows that training never sees. The loss on them tells whether it has understood or learned by heart.',
  },
  {
    names: ['loss'],
    says: 'How surprised the model is by the right answers, on average a token. Lower is better; 0 would be knowing them word for word.',
  },
  {
    names: ['perplexity'],
    says: 'The loss as a number of choices: at 5, the model is as unsure at each token as between five equally likely ones.',
  },
  {
    names: ['gradient norm'],
    says: 'How hard the data pulls at the adapter in a step. A sudden rise often comes before trouble.',
  },
  {
    names: ['gradient clip', 'clip'],
    says: 'A limit to how hard one step may pull, so that one odd row cannot throw the adapter off.',
  },
  {
    names: ['weight decay'],
    says: 'Pulls the adapter’s numbers a little towards zero at every step, against learning by heart.',
  },
  {
    names: ['dropout'],
    says: 'Leaves out a random part of the adapter’s input while training, against learning by heart.',
  },
  {
    names: ['target modules', 'where it grows'],
    says: 'The matrices inside the model that get an adapter. All of them learn best; fewer make a smaller file.',
  },
  {
    names: ['IA³', '(IA)³'],
    says: 'An adapter that only multiplies what passes through some layers, each value by a factor of its own. A few thousand numbers in all.',
  },
  {
    names: ['prompt tuning', 'virtual tokens'],
    says: 'An adapter that is a learned prompt: so many made-up tokens that stand before every text.',
  },
  {
    names: ['bottleneck adapters', 'reduction factor', 'reduction'],
    says: 'Small layers behind those of the base: down to a few values, through a bend, and up again. As in AdapterHub.',
  },
  {
    names: ['quantisation', 'precision'],
    says: 'Keeping the base in fewer bits a number: a quarter of the memory at 8 bits, with nearly the same answers.',
  },
  {
    names: ['gradient checkpointing', 'checkpointing'],
    says: 'Computes parts twice instead of keeping them: less memory, more time, the same result.',
  },
  {
    names: ['chat template'],
    says: 'How a model marks who says what. Training and chat use the model’s own, so that it meets what it knows.',
  },
  {
    names: ['supervised', 'trained on'],
    says: 'Tokens that the adapter learns to say; the others are only read, as a question is.',
  },
  {
    names: ['strength'],
    says: 'How much of the adapter is added when it answers: 0 is the base alone, 1 is as it was trained.',
  },
  {
    names: ['temperature'],
    says: 'How freely words are drawn: at 0 always the likeliest, at 1 as often as the model finds them likely.',
  },
  {
    names: ['top-p'],
    says: 'Words are drawn only from the likeliest ones that together make up this share (nucleus sampling).',
  },
  { names: ['top-k'], says: 'Words are drawn only from so many of the likeliest ones.' },
  { names: ['min-p'], says: 'Words are left out when they have less than this share of the likeliest word’s chance.' },
  {
    names: ['repetition penalty'],
    says: 'Makes words that were already said less likely, against going round in circles.',
  },
  { names: ['seed'], says: 'The number that chance starts from: the same seed gives the same result again.' },
  {
    names: ['range', 'confidence interval'],
    says: 'From a few trials one cannot know a share exactly: in 95 of 100 cases it lies within this range (Wilson’s interval).',
  },
  {
    names: ['PEFT'],
    says: 'The library of Hugging Face for adapters; its folder format is what Graft writes, to be used anywhere.',
  },
  { names: ['GGUF'], says: 'The file format of llama.cpp and the programs built on it, such as Ollama and LM Studio.' },
];

export const words = {
  whatIs: (name: string) => `What is “${name}”?`,
} as const;
