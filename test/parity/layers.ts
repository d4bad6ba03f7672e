import type { Operations, TF } from '../../core/engine/ops.ts';
import { layerCasesOf, layerError } from '../engine/layer-cases.ts';
import { differentiate, tensorsOf } from '../engine/operation-cases.ts';
import type { Tolerances } from './compare.ts';
import { type ParityReport, Tally } from './report.ts';

/** Compares single layers and all their gradients with independent answers. */
export function layersParity(
  file: string,
  json: unknown,
  allowed: Tolerances,
  { tf, ops }: { readonly tf: TF; readonly ops: Operations },
): ParityReport {
  const tally = new Tally();
  for (const { one, expected } of layerCasesOf(json)) {
    const inputs = tensorsOf(tf, one);
    const results = tf.tidy(() => differentiate(tf, ops, one, inputs));
    for (const [i, values] of expected.entries()) {
      const what = i === 0 ? 'output' : `gradient of input ${i}`;
      const error = layerError(results[i]!.dataSync(), values);
      tally.within(`${one.name}, ${what}`, error, allowed.layer!);
    }
    tf.dispose([...inputs, ...results]);
  }
  return tally.report(file);
}
