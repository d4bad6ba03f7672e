/**
 * Seeded random streams. Each random decision has a stream named by its purpose: `stream(seed,
 * 'order', epoch)` gives the same numbers on every machine, engine and worker, independent of all
 * other draws. Generator: sfc32 (Chris Doty-Humphrey, PractRand), seeded by a 128-bit hash of the
 * name.
 */
export interface RandomStream {
  /** Uniform integer in [0, 2^32). */
  next(): number;
  /** Uniform integer in [0, bound), without bias; 1 <= bound <= 2^32. */
  below(bound: number): number;
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Standard normal (Box-Muller). */
  normal(): number;
}

/** Name of the generator in checkpoints. Code that changes the drawn numbers needs a new name. */
export const GENERATOR = 'sfc32-v1';

export function stream(...name: (string | number)[]): RandomStream {
  let [a, b, c, d] = hash128(name.join('/'));
  const next = (): number => {
    const t = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  let spare: number | undefined;
  const uniform = (): number => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992;
  return {
    next,
    uniform,
    below(bound) {
      const limit = 4294967296 - (4294967296 % bound);
      for (;;) {
        const value = next();
        if (value < limit) return value % bound;
      }
    },
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}

/** Shuffles in place (Fisher-Yates) and returns its argument. */
export function shuffle<T extends { length: number; [index: number]: unknown }>(
  items: T,
  random: RandomStream,
): T {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const item = items[i];
    items[i] = items[j];
    items[j] = item;
  }
  return items;
}

/**
 * Returns four 32-bit words from a text: MurmurHash3's mixing (Austin Appleby, public domain) over
 * UTF-16 code units.
 */
function hash128(text: string): [number, number, number, number] {
  const words: [number, number, number, number] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0xdeadbeef];
  for (let lane = 0; lane < 4; lane++) {
    let h = words[lane]! ^ text.length;
    for (let i = 0; i < text.length; i++) {
      h = Math.imul(h ^ text.charCodeAt(i), 0xcc9e2d51);
      h = Math.imul((h << 15) | (h >>> 17), 0x1b873593) + lane;
    }
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    words[lane] = h ^ (h >>> 16);
  }
  return words;
}
