/** Hands bytes to the browser's own download, which asks for nothing and sends nothing. */
export function saveBytes(fileName: string, bytes: Uint8Array, type: string): void {
  const url = URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // Some browsers read the blob a moment after the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
