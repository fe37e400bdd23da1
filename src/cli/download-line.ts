// How much of a model has come from the Hub: one line that is rewritten in a terminal, one line a tenth elsewhere.

const MB = 1e6;

export function downloadLine(out: NodeJS.WriteStream, name: string) {
  let tenth = -1;
  let hasLine = false;
  return {
    update(doneBytes: number, totalBytes: number) {
      const now = Math.floor((10 * doneBytes) / Math.max(1, totalBytes));
      if (!out.isTTY && now === tenth) return;
      tenth = now;
      hasLine = true;
      const text = `${name}: ${(doneBytes / MB).toFixed(1)} of ${(totalBytes / MB).toFixed(1)} MB`;
      out.write(out.isTTY ? `\r\x1b[2K${text}` : `${text}\n`);
    },
    end() {
      if (hasLine && out.isTTY) out.write('\n');
    },
  };
}
