const NAME = /^delivered:([0-9a-f]{64})-(\d{1,7})$/;

/**
 * Specification of a set that a lab has delivered to this machine: SHA-256 and bytes of its
 * manifest. It names no path.
 */
export const deliveredName = (sha256: string, bytes: number): string =>
  `delivered:${sha256}-${bytes}`;

export const isDelivered = (spec: string): boolean => NAME.test(spec);

/** What a specification tells of the set's manifest. */
export function deliveredManifest(spec: string): { sha256: string; bytes: number } | null {
  const [, sha256, bytes] = NAME.exec(spec) ?? [];
  return sha256 === undefined ? null : { sha256, bytes: Number(bytes) };
}

/** Key of a delivered set among the decoded ones. */
export const deliveredKey = (spec: string): string =>
  deliveredManifest(spec)?.sha256.slice(0, 32) ?? '';
