import { MARK, PickleDict, PickleList, PickleMachine, type PickleRules } from './pickle-machine.ts';

/** A checkpoint of ResNet1202 with its momentum has a tenth of it. */
const MAX_INSTRUCTIONS = 4_000_000;

/**
 * Returns the value of a pickle of protocols 0 to 5, without running any of its code: globals
 * become names, and only `rules` turns them into values.
 * Source of the opcodes: Lib/pickletools.py of CPython.
 *
 * @param source names the file in errors
 * @throws LabError `torch.foreign-object`, `torch.damaged`, and those of `rules`
 */
export function unpickle(bytes: Uint8Array, rules: PickleRules, source: string): unknown {
  const machine = new PickleMachine(bytes, rules, source);
  for (let count = 0; count < MAX_INSTRUCTIONS; count++) {
    const code = machine.code();
    if (code === '.') return machine.pop();
    const operation = operations[code];
    if (!operation) throw machine.refused(code);
    operation(machine);
  }
  throw machine.broken(`it has more than ${MAX_INSTRUCTIONS} instructions`);
}

type Operation = (machine: PickleMachine) => void;

/** Pushes the same value each time. */
const constant =
  (value: unknown): Operation =>
  (machine) => {
    machine.push(value);
  };

const tuple =
  (count: number): Operation =>
  (machine) => {
    machine.push(new PickleList(machine.popItems(count)));
  };

const text =
  (length: (machine: PickleMachine) => number): Operation =>
  (machine) => {
    machine.push(machine.text(length(machine)));
  };

const data =
  (length: (machine: PickleMachine) => number): Operation =>
  (machine) => {
    machine.push(machine.data(length(machine)));
  };

const oneByte = (machine: PickleMachine): number => machine.unsigned(1);
const fourBytes = (machine: PickleMachine): number => machine.unsigned(4);
const eightBytes = (machine: PickleMachine): number => machine.longLength();

/** By opcode; an opcode that is not here can only make objects, and refuses the file. */
const operations: Readonly<Record<string, Operation>> = Object.assign(
  Object.create(null) as Record<string, Operation>,
  {
    '\x80': (m) => void m.unsigned(1), // PROTO
    '\x95': (m) => void m.longLength(), // FRAME
    '(': constant(MARK),
    N: constant(null),
    '\x88': constant(true),
    '\x89': constant(false),
    J: (m) => {
      m.push(m.signed(4));
    },
    K: (m) => {
      m.push(m.unsigned(1));
    },
    M: (m) => {
      m.push(m.unsigned(2));
    },
    '\x8a': (m) => {
      m.pushInteger(m.integer(m.unsigned(1)));
    },
    '\x8b': (m) => {
      m.pushInteger(m.integer(m.unsigned(4)));
    },
    G: (m) => {
      m.push(m.float());
    },
    X: text(fourBytes),
    '\x8c': text(oneByte),
    '\x8d': text(eightBytes),
    B: data(fourBytes),
    C: data(oneByte),
    '\x8e': data(eightBytes),
    T: text(fourBytes), // strings of Python 2
    U: text(oneByte),
    ']': (m) => {
      m.push(new PickleList());
    },
    ')': (m) => {
      m.push(new PickleList());
    },
    '\x8f': (m) => {
      m.push(new PickleList());
    },
    '}': (m) => {
      m.push(new PickleDict());
    },
    l: (m) => {
      m.push(new PickleList(m.popToMark()));
    },
    t: (m) => {
      m.push(new PickleList(m.popToMark()));
    },
    d: (m) => {
      m.push(new PickleDict().set(m.popToMark()));
    },
    '\x85': tuple(1),
    '\x86': tuple(2),
    '\x87': tuple(3),
    a: (m) => {
      m.append([m.pop()]);
    },
    e: (m) => {
      m.append(m.popToMark());
    },
    '\x90': (m) => {
      m.append(m.popToMark());
    },
    s: (m) => {
      m.setItems(m.popItems(2));
    },
    u: (m) => {
      m.setItems(m.popToMark());
    },
    '0': (m) => void m.pop(),
    '1': (m) => void m.popToMark(),
    '2': (m) => {
      m.push(m.top());
    },
    q: (m) => {
      m.memorise(m.unsigned(1));
    },
    r: (m) => {
      m.memorise(m.unsigned(4));
    },
    '\x94': (m) => {
      m.memoriseNext();
    },
    h: (m) => {
      m.recall(m.unsigned(1));
    },
    j: (m) => {
      m.recall(m.unsigned(4));
    },
    c: (m) => {
      const module = m.line();
      m.global(module, m.line());
    },
    '\x93': (m) => {
      const [module, name] = m.popItems(2);
      m.global(module, name);
    },
    i: (m) => {
      const module = m.line();
      m.global(module, m.line()); // refuses a class by its name
      throw m.refused('i');
    },
    Q: (m) => {
      m.persistent();
    },
    R: (m) => {
      m.reduce();
    },
    b: (m) => {
      m.build();
    },
  } satisfies Record<string, Operation>,
);
