/**
 * Bytes that a process may gain over its first jobs before it is replaced: three compiled steps
 * with their data come and go.
 */
const ALLOWANCE = 1 << 30;
/** Jobs after which the memory of a process no longer grows by itself. */
const SETTLED = 3;

/**
 * True when a worker's process should be replaced.
 *
 * @param memory bytes that it held after each of its jobs
 */
export function leaks(memory: readonly number[]): boolean {
  const settled = Math.max(0, ...memory.slice(0, SETTLED));
  const now = memory.at(-1) ?? 0;
  return now === Infinity || settled === Infinity || now - settled > Math.max(ALLOWANCE, settled);
}
