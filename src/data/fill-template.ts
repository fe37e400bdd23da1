// The user's own wording of prompt and answer: {{column}} stands for the value of a column. Values are put in as they are
// and never read again, so a value that holds "{{x}}" stays what it is.
const PLACEHOLDER = /\{\{\s*([^{}]+?)\s*\}\}/g;

/** Column names that a template asks for, each once. */
export function templateColumns(template: string): string[] {
  return [...new Set(Array.from(template.matchAll(PLACEHOLDER), (match) => match[1]!))];
}

/** Lines that held nothing but placeholders, all of them empty, are left out with their line end. */
export function fillTemplate(template: string, textOf: (column: string) => string): string {
  const kept = template.split('\n').filter((line) => {
    const columns = templateColumns(line);
    return (
      columns.length === 0 || line.replace(PLACEHOLDER, '').trim() !== '' || columns.some((name) => textOf(name) !== '')
    );
  });
  return kept.join('\n').replace(PLACEHOLDER, (_, column: string) => textOf(column));
}
