import { MARK, PickleDict, PickleList, PickleMachine, type PickleRules } from './pickle-machine.ts';
import { floatNumber, quoted, unescaped, wholeNumber } from './pickle-text.ts';

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

/** Pushes a value that it reads, or makes. */
const push =
  (read: (machine: PickleMachine) => unknown): Operation =>
  (machine) => {
    machine.push(read(machine));
  };

const constant = (value: unknown): Operation => push(() => value);
const list: Operation = push(() => new PickleList());
const markedList: Operation = push((machine) => new PickleList(machine.popToMark()));
const tuple = (count: number): Operation =>
  push((machine) => new PickleList(machine.popItems(count)));

/** Reads a number of so many bytes, without a sign. */
type Count = (machine: PickleMachine) => number;
const oneByte: Count = (machine) => machine.unsigned(1);
const twoBytes: Count = (machine) => machine.unsigned(2);
const fourBytes: Count = (machine) => machine.unsigned(4);
const eightBytes: Count = (machine) => machine.longLength();

const text = (length: Count): Operation => push((machine) => machine.text(length(machine)));
const data = (length: Count): Operation => push((machine) => machine.data(length(machine)));
const long =
  (length: Count): Operation =>
  (machine) => {
    machine.pushInteger(machine.integer(length(machine)));
  };
/** Reads a line of protocol 0, whose values are text. */
function line<Value>(machine: PickleMachine, read: (line: string) => Value | null): Value {
  const value = read(machine.line());
  if (value === null) throw machine.broken('a line is no value of its kind');
  return value;
}
const decimal: Count = (machine) => Number(line(machine, wholeNumber));
const memorise =
  (index: Count): Operation =>
  (machine) => {
    machine.memorise(index(machine));
  };
const recall =
  (index: Count): Operation =>
  (machine) => {
    machine.recall(index(machine));
  };
const appendMarked: Operation = (machine) => {
  machine.append(machine.popToMark());
};

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
    J: push((m) => m.signed(4)),
    K: push(oneByte),
    M: push(twoBytes),
    '\x8a': long(oneByte),
    '\x8b': long(fourBytes),
    G: push((m) => m.float()),
    I: (m) => {
      const number = line(m, (text) => (/^0[01]$/.test(text) ? text === '01' : wholeNumber(text)));
      if (typeof number === 'bigint') m.pushInteger(number);
      else m.push(number);
    },
    L: (m) => {
      m.pushInteger(line(m, wholeNumber));
    },
    F: push((m) => line(m, floatNumber)),
    S: push((m) => line(m, quoted)),
    V: push((m) => line(m, unescaped)),
    X: text(fourBytes),
    '\x8c': text(oneByte),
    '\x8d': text(eightBytes),
    B: data(fourBytes),
    C: data(oneByte),
    '\x8e': data(eightBytes),
    '\x96': data(eightBytes), // a bytearray
    T: text(fourBytes), // strings of Python 2
    U: text(oneByte),
    ']': list,
    ')': list,
    '\x8f': list,
    '}': push(() => new PickleDict()),
    l: markedList,
    t: markedList,
    d: push((m) => new PickleDict().set(m.popToMark())),
    '\x85': tuple(1),
    '\x86': tuple(2),
    '\x87': tuple(3),
    a: (m) => {
      m.append([m.pop()]);
    },
    e: appendMarked,
    '\x90': appendMarked,
    s: (m) => {
      m.setItems(m.popItems(2));
    },
    u: (m) => {
      m.setItems(m.popToMark());
    },
    '0': (m) => void m.pop(),
    '1': (m) => void m.popToMark(),
    '2': push((m) => m.top()),
    q: memorise(oneByte),
    r: memorise(fourBytes),
    '\x94': (m) => {
      m.memoriseNext();
    },
    p: memorise(decimal),
    h: recall(oneByte),
    j: recall(fourBytes),
    g: recall(decimal),
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
    P: (m) => {
      m.push(m.line());
      m.persistent();
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
