// A name for pasted text whose ending says what it is: a file would have one.
export function nameOfPasted(text: string, stem: string): string {
  const lines = text.split(/\r\n?|\n/).filter((line) => line.trim() !== '');
  if (/^\s*\[/.test(text) && /\]\s*$/.test(text)) return `${stem}.json`;
  if (lines[0]?.trimStart().startsWith('{'))
    return lines.length > 1 && lines[0].trim() === '{' ? `${stem}.json` : `${stem}.jsonl`;
  const tabs = lines.map((line) => line.split('\t').length - 1);
  if (lines.length > 1 && tabs[0]! > 0 && tabs.every((count) => count === tabs[0])) return `${stem}.tsv`;
  return `${stem}.txt`;
}
