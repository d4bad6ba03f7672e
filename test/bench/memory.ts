import { machine, prepare, readCase, residentMost, residentNow } from './measure.ts';

/** Steps after which nothing should grow any more: allocators and caches have what they need. */
const WARM = 200;

/** Growth of tensors and resident memory over many steps. */
export async function bench(args: string[]): Promise<number> {
  const one = readCase(args, { arch: 'resnet8', steps: 1000 });
  const { engine, step, train } = await prepare(one);
  console.log(`${one.arch}, batch ${one.batch}: ${machine(one)}`);
  for (let i = 0; i < WARM; i++) train();
  const tensors = engine.counts().tensors;
  const resident = residentNow();
  for (let i = 0; i < one.steps; i++) train();
  const grown = { tensors: engine.counts().tensors - tensors, mib: residentNow() - resident };
  console.log(
    `  after ${one.steps} more steps: ${grown.tensors} tensors more, ${grown.mib.toFixed(1)} MiB more; at most ${residentMost().toFixed(0)} MiB in all`,
  );
  step.dispose();
  return 0;
}
