import { readFileSync, writeFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { problemOf } from '../base/errors.ts';
import { architecture, usualImages } from '../models/architecture.ts';
import { conventionsText } from '../models/conventions.ts';
import { onnxModel } from '../train/onnx/model.ts';
import { decodeSafetensors } from '../train/safetensors.ts';
import { torchModule } from '../train/torch/module.ts';
import { torchWeights } from '../train/torch/weights.ts';
import type { ExportAnswer, ExportJob } from './export-network.ts';

/** Writes a network in another format: its numbers change their order, which takes a while. */
function write({ weights, out, format, classNames }: ExportJob): void {
  const { tensors, metadata } = decodeSafetensors(readFileSync(weights), 'The network');
  const info = JSON.parse(metadata.ktg!) as {
    nodes: Record<string, string>;
    classes: number;
    side?: number;
  };
  const { classes, side = usualImages.side } = info;
  const model = architecture(info.nodes['1']!, { side });
  const { conventions: _ours, ktg: _format, ...made } = metadata;
  const notes = {
    ...made,
    network: model.title,
    classNames: JSON.stringify(classNames),
    input: (JSON.parse(conventionsText) as { input: string }).input,
  };
  switch (format) {
    case 'pytorch-module':
      writeFileSync(out, torchModule(model, classes, classNames));
      break;
    case 'pytorch-weights':
      writeFileSync(out, torchWeights(model, classes, tensors, notes));
      break;
    case 'onnx':
      writeFileSync(out, Buffer.concat(onnxModel(model, classes, tensors, notes)));
  }
}

let answer: ExportAnswer = { done: true };
try {
  write(workerData as ExportJob);
} catch (error) {
  answer = { problem: problemOf(error, 'workers.unexpected') };
}
parentPort!.postMessage(answer);
