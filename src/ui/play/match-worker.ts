// Tests texts against a regular expression away from the page: some expressions never end on some texts, and only a worker
// can be ended from outside.

addEventListener('message', ({ data }: MessageEvent<{ pattern: string; flags: string; texts: readonly string[] }>) => {
  const expression = new RegExp(data.pattern, data.flags);
  postMessage(data.texts.map((text) => expression.test(text)));
});
