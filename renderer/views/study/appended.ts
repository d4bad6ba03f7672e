import type { WireCurve, WireEpoch } from '../../../core/lab/api.ts';

/** A curve with one more epoch; the same when it is known already. */
export function appended(
  curve: WireCurve | undefined,
  run: number,
  { epoch, nodes }: WireEpoch,
): WireCurve {
  const before = curve?.accuracy ?? nodes.map(() => []);
  if (curve && (before[0]?.length ?? 0) >= epoch) return curve;
  return {
    run,
    accuracy: nodes.map((node, i) => {
      const values = [...(before[i] ?? [])];
      values[epoch - 1] = node.accuracy;
      return Array.from(values, (value) => value ?? null);
    }),
  };
}
