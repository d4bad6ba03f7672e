/** Attention of stage outputs sample by sample in plain float64 (SPEC-2 as it is written). */

/** One image's stage output: [height][width][channels]. */
export type StageMap = readonly (readonly (readonly number[])[])[];

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

/** Averages blocks of pixels, so that the map has `height` x `width` pixels. */
function pooled(map: StageMap, height: number, width: number): StageMap {
  const [rows, columns] = [map.length / height, map[0]!.length / width];
  return Array.from({ length: height }, (_, h) =>
    Array.from({ length: width }, (__, w) =>
      map[0]![0]!.map((___, c) => {
        let total = 0;
        for (let i = 0; i < rows; i++)
          for (let j = 0; j < columns; j++) total += map[h * rows + i]![w * columns + j]![c]!;
        return total / rows / columns;
      }),
    ),
  );
}

const energyOf = (map: StageMap): number[] =>
  map.flatMap((row) => row.map((pixel) => sum(pixel.map((value) => value ** 2)) / pixel.length));

const lengthOf = (energy: readonly number[]): number =>
  Math.sqrt(sum(energy.map((value) => value ** 2)));

/** Loss of one pair of stages of one image, and its gradient with respect to the target's output. */
function stagePair(
  kind: 'attention' | 'attention-repel',
  target: StageMap,
  source: StageMap,
): { loss: number; slope: number[][][] } {
  const height = Math.min(target.length, source.length);
  const width = Math.min(target[0]!.length, source[0]!.length);
  const seen = pooled(target, height, width);
  const [Q, S] = [energyOf(seen), energyOf(pooled(source, height, width))];
  const [length, other] = [lengthOf(Q), lengthOf(S)];
  const q = Q.map((value) => value / Math.max(length, 1e-12));
  const s = S.map((value) => value / Math.max(other, 1e-12));
  const [loss, v] =
    kind === 'attention'
      ? [
          sum(q.map((value, i) => (value - s[i]!) ** 2)) / q.length,
          q.map((value, i) => (2 * (value - s[i]!)) / q.length),
        ]
      : [sum(q.map((value, i) => value * s[i]!)), s];
  const along = sum(q.map((value, i) => value * v[i]!));
  const energy = v.map((value, i) =>
    length < 1e-12 ? value / 1e-12 : (value - along * q[i]!) / length,
  );
  const [rows, columns] = [target.length / height, target[0]!.length / width];
  const slope = target.map((line, h) =>
    line.map((pixel, w) => {
      const [y, x] = [Math.floor(h / rows), Math.floor(w / columns)];
      const scale = (2 * energy[y * width + x]!) / pixel.length / rows / columns;
      return pixel.map((_, c) => scale * seen[y]![x]![c]!);
    }),
  );
  return { loss, slope };
}

/** Loss of one image over all paired stages, and its gradient by the target's stages. */
export function attentionPair(
  kind: 'attention' | 'attention-repel',
  target: readonly StageMap[],
  source: readonly StageMap[],
): { loss: number; slopes: (number[][][] | null)[] } {
  const pairs = Math.min(target.length, source.length);
  const share = kind === 'attention' ? 1 : 1 / pairs;
  let loss = 0;
  const slopes = target.map((map, stage) => {
    const fromEnd = target.length - stage;
    if (fromEnd > pairs) return null;
    const pair = stagePair(kind, map, source[source.length - fromEnd]!);
    loss += share * pair.loss;
    return pair.slope.map((row) => row.map((pixel) => pixel.map((value) => share * value)));
  });
  return { loss, slopes };
}
