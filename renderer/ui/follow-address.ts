/**
 * Milliseconds for which what is looked at must stay the same: an address does not follow at the
 * pace of a brush.
 */
const PACE = 300;

/** The part of a browser's window that an address is in. */
export interface Place {
  readonly location: { readonly hash: string };
  readonly history: {
    readonly state: unknown;
    replaceState(state: unknown, unused: string, url: string): void;
  };
}

/**
 * Lets the address follow what is looked at, so that it can be kept, sent and come back to. One
 * that leads elsewhere in the meantime stays as it is: who clicked on it is on the way. Returns its
 * undo.
 */
export function followAddress(address: string, { location, history }: Place): () => void {
  const from = location.hash;
  const timer = setTimeout(() => {
    if (location.hash === from) history.replaceState(history.state, '', address);
  }, PACE);
  return () => clearTimeout(timer);
}
