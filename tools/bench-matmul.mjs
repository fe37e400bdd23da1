// Speed of the matrix products on this machine's adapter: node tools/bench-matmul.mjs [T,O,C …] [--only TEXT] [--token N]
// Without shapes: 256,1536,576 and 128,256,688, the anchors of the design study, and with one token, as decoding has it,
// 1,1536,576 and 1,576,1536. --only: products whose name begins so. --token: nothing but what a token of the workload's model M
// cannot do without on this driver, step by step, up to N dispatches (at least 152). Shares are those of the rates measured by
// turns with them.

import { createServer } from 'vite';

const server = await createServer({
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true, watch: null },
});
const args = process.argv.slice(2);
const flag = args.indexOf('--only');
const only = flag < 0 ? '' : args.splice(flag, 2)[1];
const token = args.indexOf('--token');
if (token >= 0) {
  const { benchTokenLimit } = await server.ssrLoadModule('/src/gpu/testing/token-limit.ts');
  const model = { layers: 30, hidden: 576, heads: 9, kvHeads: 3, headDim: 64, ffn: 1536, vocab: 49152 };
  await benchTokenLimit(model, { position: 64, dispatches: Number(args[token + 1]) });
  await server.close();
  process.exit(0);
}
const shapes = args.map((text) => text.split(',').map(Number));
const { benchMatmul } = await server.ssrLoadModule('/src/gpu/testing/bench-matmul.ts');
await benchMatmul(
  shapes.length > 0
    ? shapes
    : [
        [256, 1536, 576],
        [128, 256, 688],
        [1, 1536, 576],
        [1, 576, 1536],
      ],
  only,
);
await server.close();
// Dawn keeps threads that would hold the process.
process.exit(0);
