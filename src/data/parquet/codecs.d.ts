// The decompressors by themselves: the package's door would start a WebAssembly module, which the page's policy forbids.
declare module 'hyparquet-compressors/src/brotli.js' {
  export function decompressBrotli(input: Uint8Array, outputBytes: number): Uint8Array;
}
declare module 'hyparquet-compressors/src/lz4.js' {
  export function decompressLz4(input: Uint8Array, outputBytes: number): Uint8Array;
  export function decompressLz4Raw(input: Uint8Array, outputBytes: number): Uint8Array;
}
