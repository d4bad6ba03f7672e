import type { Answers, LabContext } from '../lab-context.ts';

type Names =
  | 'machines.list'
  | 'machines.add'
  | 'machines.drain'
  | 'machines.pause'
  | 'machines.start'
  | 'machines.remove'
  | 'machines.log';

/** Other machines that train for this lab. */
export function machineRequests({ machines, batcher }: LabContext): Answers<Names> {
  return {
    'machines.list': () => machines.views(),
    'machines.add': async ({ name, launcher }) => {
      const added = await machines.add(name, launcher);
      batcher.log('info', `Machine "${name}" was added.`);
      return added;
    },
    'machines.drain': ({ machine, on }) => machines.drain(machine, on),
    'machines.pause': ({ machine }) => machines.pause(machine),
    'machines.start': ({ machine }) => machines.start(machine),
    'machines.remove': async ({ machine }) => {
      const { name } = machines.view(machine);
      await machines.remove(machine);
      batcher.log('info', `Machine "${name}" was removed.`);
      return {};
    },
    'machines.log': async ({ machine }) => ({ text: await machines.log(machine) }),
  };
}
