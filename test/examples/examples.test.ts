import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import * as v from 'valibot';
import { architecture } from '../../core/models/architecture.ts';
import { initialStatistics } from '../../core/models/initialise.ts';
import { type TensorSpec, sizeOf, statistics, tensors } from '../../core/models/tensors.ts';
import { type NamedTensor, encodeSafetensors } from '../../core/train/safetensors.ts';
import { plan } from '../contract/samples.ts';
import { scriptedLab, studyIs } from '../lab/support.ts';
import { forwardFixture } from '../parity/forward.ts';
import { formulaImages, formulaParameters } from '../parity/formulas.ts';
import { python, withoutPackages } from './python.ts';

const folder = mkdtempSync(join(tmpdir(), 'ktg-examples-'));
after(() => {
  rmSync(folder, { recursive: true });
});

/** The parts of a flat vector under their names. */
function named(specs: readonly TensorSpec[], flat: Float32Array): NamedTensor[] {
  let at = 0;
  return specs.map(({ name, shape }) => ({
    name,
    shape,
    values: flat.slice(at, (at += sizeOf(shape))),
  }));
}

void describe('examples in Python', () => {
  const noTorch = withoutPackages('torch', 'safetensors', 'numpy');
  void test(
    'a node loaded in PyTorch gives the logits of the independent answers',
    { skip: noTorch },
    () => {
      const file = join(import.meta.dirname, '../fixtures/ktg/forward_resnet8.json');
      const fixture = v.parse(forwardFixture, JSON.parse(readFileSync(file, 'utf8')));
      const { classes, batch, node, size } = fixture;
      const model = architecture(fixture.model, { side: size });
      const weights = join(folder, 'node.safetensors');
      const parameters = formulaParameters(model, classes, fixture.init, node);
      writeFileSync(
        weights,
        encodeSafetensors(
          [
            ...named(tensors(model, classes), parameters),
            ...named(statistics(model), initialStatistics(model)),
          ],
          { ktg: JSON.stringify({ format: 'ktg-network', nodes: { '1': fixture.model } }) },
        ),
      );
      const images = join(folder, 'images.f32');
      writeFileSync(images, formulaImages(batch, fixture.s, fixture.input, size));
      const output = python(
        `import importlib.util, json, sys
import numpy as np, torch
spec = importlib.util.spec_from_file_location("example", sys.argv[1])
example = importlib.util.module_from_spec(spec)
spec.loader.exec_module(example)
images = np.fromfile(sys.argv[3], "<f4").reshape(${batch}, ${size}, ${size}, 3).transpose(0, 3, 1, 2).copy()
with torch.no_grad():
    print(json.dumps(example.load(sys.argv[2]).train()(torch.from_numpy(images)).tolist()))`,
        join(import.meta.dirname, '../../examples/load_node_in_pytorch.py'),
        ...[weights, images],
      );
      const logits = JSON.parse(output) as number[][];
      for (const [row, expected] of fixture.logits.entries())
        for (const [at, value] of expected.entries())
          assert.ok(Math.abs(logits[row]![at]! - value) < 1e-5, `image ${row}, class ${at}`);
      assert.match(python('load_node_in_pytorch.py', weights), /81140 parameters, 100 classes/);
    },
  );

  const noPlot = withoutPackages('matplotlib');
  void test(
    'curves and seeds are plotted from the lab’s JSON',
    { skip: noPlot },
    async (context) => {
      const lab = scriptedLab();
      context.after(() => lab.close('at-once'));
      const { study } = await lab.request('studies.create', {
        name: 'A',
        plan: plan(),
        start: true,
      });
      await studyIs(lab, study.id, 'completed');
      const view = await lab.request('studies.open', { study: study.id });
      const { rerun } = await lab.request('reruns.create', {
        ...{ name: 'R', from: { run: view.best!.run }, seeds: 3 },
        ...{ baselines: ['dml' as const], start: true },
      });
      while ((await lab.request('reruns.open', { rerun: rerun.id })).done < 6)
        await new Promise((resolve) => setTimeout(resolve, 20));
      const again = await lab.request('reruns.open', { rerun: rerun.id });
      for (const [name, json, expected] of [
        ['study', view, `${view.curves.length} curves`],
        ['rerun', again, '2 graphs'],
      ] as const) {
        const [source, target] = [join(folder, `${name}.json`), join(folder, `${name}.png`)];
        writeFileSync(source, JSON.stringify(json));
        assert.ok(python('plot_curves.py', source, target).trim().endsWith(expected));
        assert.ok(existsSync(target));
      }
    },
  );
});
