/** localStorage in memory; its entries are its own properties, as the browser's are. */
export function memoryStorage(): Storage {
  const methods = {
    getItem: (key: string) => (Object.hasOwn(all, key) ? all[key]! : null),
    setItem: (key: string, text: string) => {
      all[key] = text;
    },
  };
  const all: Record<string, string> = Object.create(methods);
  return all as unknown as Storage;
}
