import { architecture } from '../../core/models/architecture.ts';
import { problemOf } from '../../core/base/errors.ts';
import { readTorchNetwork } from '../../core/train/torch/read-network.ts';

/**
 * Tries to read each file as a ResNet8 and writes one line of JSON for each, with the peak memory
 * of the process so far. A process of its own, whose memory a test can limit.
 */
for (const path of process.argv.slice(2)) {
  const source = 'weights.pth';
  const begun = performance.now();
  const problem = await readTorchNetwork(path, architecture('resnet8'), 10, { source }).then(
    () => null,
    (error: unknown) => problemOf(error),
  );
  const { maxRSS } = process.resourceUsage();
  const seconds = (performance.now() - begun) / 1000;
  console.log(JSON.stringify({ path, problem, seconds, megabytes: maxRSS / 1000 }));
}
