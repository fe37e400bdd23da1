// The only script addresses that the page starts workers from. The built page's policy (`require-trusted-types-for
// 'script'`, vite.config.ts) takes none that has not come through here; browsers without Trusted Types take the text.

interface Factory {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): unknown };
}

const { trustedTypes } = globalThis as { readonly trustedTypes?: Factory };

const policy = trustedTypes?.createPolicy('graft', { createScriptURL: ownScript });

/** `url` for a worker or service worker. Throws a TypeError when it is not of the page's own origin. */
export function trustedScriptUrl(url: string): string {
  // To TypeScript a TrustedScriptURL is the text that it stands for.
  return policy === undefined ? ownScript(url) : (policy.createScriptURL(url) as string);
}

function ownScript(url: string): string {
  if (new URL(url).origin !== location.origin)
    throw new TypeError(`Cannot start a script from "${url}": found another origin, need ${location.origin}`);
  return url;
}
