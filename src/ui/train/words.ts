import type { CHECKPOINTING, TrainSettings } from '../../engine/protocol.ts';
import { count, plural } from '../format.ts';

type Checkpointing = (typeof CHECKPOINTING)[number];

export const words = {
  title: 'Train',
  adapter: 'adapter',
  settings: 'Settings',
  base: 'Base',
  data: 'Data',
  noBase: 'No base is open',
  opening: 'Opening…',
  noData: 'No data yet',
  addData: 'Add data',
  dropData: 'Drop a dataset anywhere on the page, or take an example',
  waitingData: 'waits for the base',
  readingData: 'being read',
  failedData: 'could not be read',
  rows: (n: number) => plural(n, 'row'),
  skipped: (n: number) => `${count(n)} skipped, see why`,
  on: 'on',
  off: 'off',
  asDefault: 'all as at the start',
  all: 'All settings',
  fewer: 'Fewer settings',
  reset: 'Reset',
  resetDone: 'Settings are back at their defaults',
  startsFrom: {
    title: 'Starts from',
    state: (name: string, step: number) => `${name}, step ${count(step)}`,
    given: 'Rank, alpha and the layers are those of that adapter. Everything else may be changed.',
    fresh: 'Start afresh instead',
  },
  autopilot: {
    title: 'Autopilot',
    body: 'Times this GPU for a second or two, then says how long your run will take and which settings suit it.',
    ask: 'Ask Autopilot',
    again: 'Measure and ask again',
    measuring: 'Timing this GPU…',
    ready: 'Autopilot has a proposal',
    taken: 'The proposal is taken. Nothing has been started',
    predicts: (step: string, total: string, memory: string) =>
      `With these settings: about ${step} a step, ${total} in all; exactly ${memory} on the GPU.`,
    proposes: 'It would take:',
    asItIs: 'Your settings are what it would take.',
    tooLarge: 'Even so it needs more than you allow.',
    take: 'Take the proposal',
    budget: {
      name: 'Memory to use',
      hint: 'Browsers do not say how much a GPU has. A desktop screen takes about 1 GB of it.',
    },
    reasons: {
      rank: (tokens: number) => `for ${count(tokens)} tokens to learn from; alpha is twice that.`,
      seqLen: (longest: number, longer: number) =>
        longer === 0
          ? `holds the longest row, ${count(longest)} tokens.`
          : `holds all but ${plural(longer, 'row')}; the longest has ${count(longest)} tokens.`,
      batchSize: (rows: number, isMemory: boolean) =>
        isMemory
          ? 'is what fits at once; more are added up before a step.'
          : `suits ${plural(rows, 'row')}: many steps for few rows, calm steps for many.`,
      checkpointing: (total: string, budget: string) => `comes to at most ${total} of the ${budget} allowed.`,
      scheme: (weights: string, budget: string) =>
        `The base alone takes ${weights} of ${budget}: in Base, keep its weights as nf4 to make room.`,
    },
    compared: {
      caption: 'What Autopilot predicted and what the run takes',
      predicted: 'predicted',
      measured: 'measured',
      step: 'time per step',
      memory: 'memory',
    },
  },
  whenDone: {
    title: 'Graft',
    notify: 'Tell me when it ends',
    notifyHint: 'A notification, if you look elsewhere by then. The browser asks you first.',
    awake: 'Keep the screen awake',
    awakeHint: 'While a run goes on. It trains in a hidden tab as well, but not in a computer that sleeps.',
    notAllowed: 'The browser does not allow notifications for this page: change that in its settings for the page.',
    noLock: 'The browser does not keep the screen awake here.',
  },
  name: 'Name of the adapter',
  runFor: 'Train for',
  epochs: 'Epochs',
  steps: 'Steps',
  groups: { adapter: 'Adapter', learning: 'Learning', order: 'Order and checks', memory: 'Memory' },
  schedule: {
    name: 'Learning rate over time',
    hint: {
      constant: 'The same step size to the end (constant).',
      linear: 'Steps get smaller evenly, so the end is calm (linear). The default.',
      cosine: 'Steps stay large for long, then get small quickly (cosine).',
    } satisfies Record<TrainSettings['schedule'], string>,
    labels: { constant: 'Constant', linear: 'Falling', cosine: 'Cosine' } satisfies Record<
      TrainSettings['schedule'],
      string
    >,
  },
  shuffle: {
    name: 'Shuffle rows',
    hint: 'A new order each epoch, the default. Off: rows are learned as they stand in the file.',
  },
  forgetting: {
    line: (base: string, now: string, kl: string, step: number) =>
      `General text, after step ${step}: loss ${now}, ${base} for the base; strays from it by ${kl} nats a token`,
  },
  badNumbers: {
    name: 'Go on after bad numbers',
    hint: 'If the loss explodes, the run goes back to its last good state. On: it goes on from there with half the learning rate, once. Off: it stops.',
  },
  targets: {
    name: 'Where it grows',
    hint: 'The linear layers that get an adapter (target modules). All of them learn facts best, the default; fewer make a smaller file.',
    all: 'All linear layers',
    none: 'At least one has to stay.',
  },
  lora: {
    name: 'Kind of adapter',
    plain: 'LoRA',
    embeddingRate: 'Learning rate of embeddings',
  },
  checkpointing: {
    name: 'Work space',
    known: 'gradient checkpointing',
    hint: {
      none: 'Keeps every result of the way there for the way back: fastest. The default.',
      'block-keep-attention':
        'Keeps less and computes some of it again: much less memory, somewhat slower, the same numbers.',
      block: 'Keeps the least and computes the rest again: least memory, slowest, the same numbers.',
    } satisfies Record<Checkpointing, string>,
    labels: { none: 'Keep all', 'block-keep-attention': 'Keep some', block: 'Keep least' } satisfies Record<
      Checkpointing,
      string
    >,
  },
  memory: {
    title: 'Memory',
    exact: 'Exact: planned before anything is allocated.',
    weights: 'base',
    adapter: 'adapter',
    activations: 'work space',
    other: 'other',
    later: 'Known as soon as base and data are there.',
    trainable: (n: string) => `${n} numbers are trained`,
    steps: (n: number, perEpoch: number) => `${plural(n, 'step')}, ${count(perEpoch)} per epoch`,
  },
  faults: {
    announce: (step: number) => `Something failed; the run goes on by itself after step ${count(step)}`,
    gpu: 'The GPU failed, and the run went on by itself.',
    numbers: 'The numbers went bad, and the run went on with half the learning rate.',
    line: (message: string, step: number) =>
      `${message}. It went on from its last good state, after step ${count(step)}; nothing is lost but the steps since then.`,
    smaller: 'It now takes less memory: the same mathematics, somewhat slower.',
  },
  interrupted: {
    label: 'Interrupted run',
    says: (step: number, total: number) => `A run was interrupted at step ${count(step)} of ${count(total)}.`,
    how: (name: string, isSameDevice: boolean) =>
      isSameDevice
        ? `“${name}” goes on as if nothing had happened. A new run takes its place.`
        : `“${name}” goes on, on another device or browser than before: about the same, not to the last digit. A new run takes its place.`,
    needsBase: (name: string, base: string) =>
      `“${name}” needs its base again: open ${base}. A new run takes its place.`,
    goOn: 'Go on',
    keep: 'Keep the adapter as it is',
    discard: 'Discard',
    kept: (name: string) => `${name} is in the library`,
    discarded: 'The interrupted run is discarded',
  },
  locked: 'These settings belong to the run that goes on.',
  run: 'Run',
  ready: 'Ready to train',
  notReady: 'Not ready yet',
  start: 'Start training',
  again: 'Train again',
  pause: 'Pause',
  resume: 'Resume',
  stop: 'Stop and keep',
  stopping: 'Finishing this step…',
  tryIt: 'Try it',
  download: 'Download',
  step: (step: number, total: number) => `step ${count(step)} of ${count(total)}`,
  epoch: (epoch: number) => `epoch ${count(Math.max(1, Math.ceil(epoch)))}`,
  preparing: 'Preparing',
  paused: 'paused',
  doneLine: (steps: number, time: string) => `Done: ${plural(steps, 'step')} in ${time}`,
  stoppedLine: (steps: number, time: string) => `Stopped after ${plural(steps, 'step')}, ${time}. The adapter is kept`,
  failed: 'The run has failed.',
  wentBack: 'The numbers went bad, and the run has stopped.',
  fails: {
    halve: 'Use half the rows per step',
    shorter: 'Use half the tokens per row',
    slower: 'Use a third of the learning rate',
  },
  figures: {
    loss: 'loss, smoothed',
    validation: 'validation',
    speed: 'tokens/s',
    left: (unit: string) => `${unit} left`,
    time: 'minutes left',
    took: (unit: string) => `${unit} taken`,
    memory: 'on the GPU',
    none: '–',
  },
  rate: {
    change: 'Change',
    title: 'Change the learning rate',
    body: 'It holds from the next step on; warm-up and schedule go on as they are. The change is written down with the run.',
    use: 'Use it',
    cancel: 'Leave it',
    changed: (rate: string) => `The learning rate is ${rate} from the next step on`,
  },
  chart: {
    title: 'Loss',
    drag: 'Drag across the curve to zoom, double-click for the whole run.',
    smallTitles: { lr: 'Learning rate', gradNorm: 'Gradient norm', speed: 'Tokens/s' },
    smallHints: {
      lr: 'How far each step goes.',
      gradNorm: 'How strongly the last rows pulled; a spike is a row that fits badly.',
      speed: 'Average of the last 20 steps.',
    },
    file: (name: string) => `${name} loss`,
    reads: {
      step: 'step',
      loss: 'loss',
      smooth: 'smoothed',
      lr: 'rate',
      gradNorm: 'norm',
      speed: 'tokens/s',
      validation: 'validation',
    },
    noReading: 'Point at the curve, or move the slider below it, to read a step.',
    empty: 'The curve grows here: how far the model’s guesses are from your answers. Lower is better.',
    describe: (first: string, last: string, steps: number) =>
      `Loss went from ${first} to ${last} in ${plural(steps, 'step')}`,
    describeEmpty: 'No steps yet',
    raw: 'each step',
    smooth: 'smoothed',
    smoothHint: 'Smoothed: a moving average of about the last 10 steps; each new step counts a tenth.',
    validation: 'validation',
    base: 'base on the same rows',
  },
  compared: (adapter: string, base: string) => `On the rows held back: base ${base}, with the adapter ${adapter}`,
  announce: {
    preparing: 'The run is being prepared',
    running: 'Training',
    paused: 'The run is paused',
    done: 'The run is done and the adapter is kept',
    stopped: 'The run has stopped and the adapter is kept',
    failed: 'The run has failed',
  },
  whyNot: {
    running: 'A run goes on.',
    noDevice: 'There is no GPU for the page.',
    opening: 'The base is still opening.',
    noBase: 'Open a base first.',
    noData: 'Add data first.',
    badData: 'The data could not be read.',
    reading: 'The data is being read.',
    noRows: 'No row of the data can be used.',
    nothingSupervised: 'No token of the data would be trained on.',
  },
} as const;
