// README.md of a folder for a cluster.

import type { ClusterInput } from './cluster-folder.ts';

export function clusterReadme(
  { name, model, settings, base }: ClusterInput,
  train: number,
  validation: number,
): string {
  const rows = settings.batchSize * settings.gradAccum;
  return `# ${name}, on more GPUs

This folder goes on with the adapter in \`adapter/\` where Graft left it, with TRL's SFTTrainer and PEFT.

\`\`\`sh
pip install -r requirements.txt
accelerate launch --config_file accelerate/ddp.yaml --num_processes $(nvidia-smi -L | wc -l) train.py
\`\`\`

The trained adapter lies in \`adapter-out/\` afterwards: a PEFT folder, as \`adapter/\` is one.

| \`--config_file\` | when |
| --- | --- |
| \`accelerate/one-gpu.yaml\` | one GPU (with \`--num_processes 1\`) |
| \`accelerate/ddp.yaml\` | several GPUs, the base fits into each |
| \`accelerate/fsdp.yaml\` | several GPUs, the base does not fit into one |
| \`accelerate/zero2.yaml\`, \`accelerate/zero3.yaml\` | the same two with DeepSpeed |

- **Base**: \`${model}\`${base === undefined ? ', from the Hugging Face Hub; `--model` takes a folder instead.' : ', in this folder, with the numbers that training used.'}
- **Rows**: ${train} to train on${validation > 0 ? ` and ${validation} held back` : ''} in \`rows/\`, rendered (\`text\`) and as tokens (\`input_ids\`, \`labels\`). The
  labels are Graft's: -100 where nothing is learned. They lie in the order of Graft's first epoch and are read in that order.
- **Recipe**: \`recipe.json\`. A step sees ${rows} ${rows === 1 ? 'row' : 'rows'}, however many GPUs share them (at least one row a GPU).
- The optimiser starts anew: Adam's moments are not part of an adapter. \`"learning_rate"\` and \`"max_steps"\` in \`recipe.json\`
  are those of the run that made it; change them for what is to follow.
`;
}
