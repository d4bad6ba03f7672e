import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LabError } from '../../core/base/errors.ts';
import { architecture, modelNames } from '../../core/models/architecture.ts';
import { statistics, tensors } from '../../core/models/tensors.ts';
import { torchShape } from '../../core/train/torch/fit.ts';
import { torchName } from '../../core/train/torch/names.ts';
import { readTorchNetwork } from '../../core/train/torch/read-network.ts';
import { checkpoint, pickled, safetensorsOf, written, zipOf } from './torch-files.ts';

const { dict, file, integer, ordered, tensor, text, tuple } = pickled;
const folder = mkdtempSync(join(tmpdir(), 'ktg-torch-'));
after(() => {
  rmSync(folder, { recursive: true });
});
const fixtures = fileURLToPath(new URL('../fixtures/torch/', import.meta.url));
const resnet8 = architecture('resnet8');
const fc = tensor({ shape: [2, 2], key: '0', length: 4 });
const numbers = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer);

const read = async (path: string, part?: string) =>
  readTorchNetwork(path, resnet8, 10, { source: 'weights.pth', part });

let count = 0;
async function refusal(bytes: Uint8Array): Promise<LabError> {
  const path = written(folder, `file-${++count}`, bytes);
  const error = await read(path).then(
    () => assert.fail('it was accepted'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof LabError, String(error));
  assert.ok(error.message.startsWith('weights.pth'), error.message);
  return error;
}
const ofPickle = async (value: string): Promise<LabError> =>
  refusal(zipOf(checkpoint(file(value), { 0: numbers })));

/** A pickle of a whole ResNet8 whose storages hold `value`, and its storages. */
function whole(value: number): { pickle: string; storages: Record<string, Uint8Array> } {
  const storages: Record<string, Uint8Array> = {};
  const items = [...tensors(resnet8, 10), ...statistics(resnet8)].map((spec, i) => {
    const shape = torchShape(spec);
    const length = shape.reduce((size, each) => size * each, 1);
    storages[i] = Buffer.from(new Float32Array(length).fill(value).buffer);
    const saved = tensor({ shape, key: String(i), length });
    return [torchName(resnet8, spec.name), saved] as const;
  });
  return { pickle: ordered(...items), storages };
}

describe('pickles of strangers', () => {
  for (const [what, value, name] of [
    ['a function', `cposix\nsystem\n${tuple(text('touch pwned'))}R`, 'posix.system'],
    ['a function by parts', `${text('os')}${text('system')}\x93`, 'os.system'],
    ['an instance', `(${text('touch pwned')}ios\nsystem\n`, 'os.system'],
    ['an instance in lines of text', "(S'touch pwned'\nios\nsystem\n", 'os.system'],
    [
      'an instance with many kinds of lines',
      '(I1\nI01\nL2L\nF1e-5\nV\\u0061\nint\nsystem\n',
      'nt.system',
    ],
    ['a function by lines', 'Vos\nVsystem\n\x93', 'os.system'],
    ['a function by quoted lines', `S'posix'\nS"system"\n\x93`, 'posix.system'],
    ['a function by escapes', `S'\\x6f\\163'\nV\\u0073ystem\n\x93`, 'os.system'],
    ['a function by kept lines', 'Vsystem\np7\n0Vnt\ng7\n\x93', 'nt.system'],
    ['a function below its module', `${text('os')}${text('sys.modules')}\x93`, 'os.sys.modules'],
    ['an object after its mark', `(cos\nsystem\n${text('touch pwned')}o`, 'os.system'],
    ['a function after a bytearray', '\x96\x01\0\0\0\0\0\0\0xcos\nsystem\n', 'os.system'],
    ['a class', `cbuiltins\nobject\n)\x81`, 'builtins.object'],
    ['an attribute', `cbuiltins\ngetattr\n${tuple(text('a'), text('b'))}R`, 'builtins.getattr'],
    ['an extension code', '\x82\x01', 'instruction'],
    ['a numpy array', 'cnumpy.core.multiarray\n_reconstruct\n', 'numpy.core.multiarray'],
    ['an accepted function as class', 'ccollections\nOrderedDict\n)\x81', 'OrderedDict'],
    ['a torch function', 'ctorch\nload\n', 'torch.load'],
  ] as const)
    test(`${what} is refused by its name`, async () => {
      const error = await ofPickle(dict(['fc.weight', value]));
      assert.equal(error.code, 'torch.foreign-object');
      assert.ok(error.message.includes(name), error.message);
    });

  for (const [what, bytes] of [
    ['cut off', file(dict(['fc.weight', fc])).subarray(0, -20)],
    ['without end', Buffer.from('\x80\x02}', 'latin1')],
    ['with a text of 2^60 bytes', Buffer.from('\x80\x04\x8d\0\0\0\0\0\0\0\x10', 'latin1')],
    ['with a number of 2^31 bytes', Buffer.from('\x80\x02\x8b\xff\xff\xff\x7f', 'latin1')],
    ['that recalls what it never kept', file('h\x07')],
    ['that calls a text', file(`${text('print')}${tuple()}R`)],
    ['that appends to a number', file(`${integer(3)}${integer(4)}a`)],
    ['with an unending sequence', file('t')],
    ['with a text as storage', file('Pstorage\n')],
    ['with a number of a million digits', file(`L${'1'.repeat(1_000_000)}L\n`)],
    ['with a number that is none', file('Fone\n')],
    ['with a text without quotes', file('Stext\n')],
    ['with a state of a tensor', file(`${fc}}b`)],
    ['with another shape than numbers', file(dict(['a', fc.replace(integer(2), text('x'))]))],
    ['of a million marks', Buffer.from(`\x80\x02${'('.repeat(5_000_000)}`, 'latin1')],
  ] as const)
    test(`a pickle ${what} is refused`, async () => {
      const error = await refusal(zipOf(checkpoint(bytes, { 0: numbers })));
      assert.match(error.code, /^torch\.(damaged|foreign-object)$/);
    });

  test('a container inside itself is read once', async () => {
    const error = await ofPickle(`}q\x01${text('me')}h\x01s${text('fc.weight')}${fc}s`);
    assert.equal(error.code, 'torch.misfit');
    assert.match(error.message, /Not in the network: fc\.weight \[2, 2\]/);
  });
});

describe('tensors that lie', () => {
  for (const [what, saved] of [
    ['beyond its storage', { shape: [3, 2], key: '0', length: 4 }],
    ['with one number twice', { shape: [2, 2], strides: [1, 1], key: '0', length: 4 }],
    ['with a negative size', { shape: [-1, 2], key: '0', length: 4 }],
    ['with fewer strides', { shape: [2, 2], strides: [1], key: '0', length: 4 }],
    [
      'with a product beyond all numbers',
      { shape: Array(40).fill(2e9), strides: Array(40).fill(1), key: '0', length: 4 },
    ],
    ['with a storage longer than its entry', { shape: [2, 2], key: '0', length: 5 }],
    ['in a storage that is missing', { shape: [2, 2], key: '7', length: 4 }],
    ['in a file of the system', { shape: [2, 2], key: '../../../etc/passwd', length: 4 }],
    ['of another number format', { shape: [2, 2], key: '0', length: 4, storage: 'LongStorage' }],
  ] as const)
    test(`${what}: refused by name`, async () => {
      const error = await ofPickle(dict(['fc.weight', tensor({ ...saved, offset: 0 })]));
      assert.equal(error.code, 'torch.tensor');
      assert.match(error.message, /fc\.weight/);
    });

  test('a tensor outside the network must be sound too', async () => {
    const lie = tensor({ shape: [9, 9], key: '0', length: 4 });
    const error = await ofPickle(dict(['state', `](${fc}${lie}e`]));
    assert.match(error.message, /the tensor state\.1 of shape \[9, 9\]/);
  });

  test('numbers that are not finite, and variances below 0, are refused', async () => {
    for (const [value, why] of [
      [NaN, /conv_1_3x3\.weight has numbers that are not finite/],
      [Infinity, /not finite/],
      [-1, /bn_1\.running_var has a variance below 0/],
    ] as const) {
      const { pickle, storages } = whole(value);
      const error = await refusal(zipOf(checkpoint(file(pickle), storages)));
      assert.match(error.message, why);
    }
  });
});

describe('archives of strangers', () => {
  const good = checkpoint(file(dict(['fc.weight', fc])), { 0: numbers });
  const [pickle, , storage] = good as [(typeof good)[0], (typeof good)[0], (typeof good)[0]];
  for (const [what, entries, why] of [
    ['a wrong checksum', [pickle, { ...storage, crc: 7 }], /data\/0 has another checksum/],
    ['a doubled storage', [...good, storage], /two entries named archive\/data\/0/],
    ['a compressed entry', [pickle, { ...storage, method: 8 }], /compressed/],
    ['an encrypted entry', [pickle, { ...storage, flags: 1 }], /size mismatch|encrypted/],
    [
      'another name in front',
      [pickle, { ...storage, localName: 'archive/data/9' }],
      /another name/,
    ],
    ['two entries in one place', [...good, { ...storage, at: 2 }], /two entries|overlaps/],
    ['two folders', [...good, { ...pickle, name: 'b/data.pkl' }], /2 entries named data\.pkl/],
    ['a file outside', [...good, { ...storage, name: 'other/data/0' }], /outside its folder/],
    ['a file above', [...good, { ...storage, name: '../pwned' }], /invalid relative path/],
    ['an absolute file', [...good, { ...storage, name: '/tmp/pwned' }], /absolute path/],
    ['no pickle', [storage], /0 entries named data\.pkl/],
    [
      'another byte order',
      [pickle, { name: 'archive/byteorder', data: Buffer.from('big') }, storage],
      /another byte order/,
    ],
    [
      'a program',
      [...good, { ...storage, name: 'archive/code/__torch__.py' }],
      /TorchScript, a program/,
    ],
  ] as const)
    test(`${what} is refused`, async () => {
      assert.match((await refusal(zipOf(entries))).message, why);
    });

  test('a file that goes on behind its end, or is cut, is refused', async () => {
    const bytes = zipOf(good);
    for (const cut of [0, 1, 3, 9, 40, bytes.length - 30]) await refusal(bytes.subarray(0, cut));
  });
});

const doubled = (w: object): string =>
  `{"w":${JSON.stringify(w)},"w":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}`;

describe('safetensors of strangers', () => {
  const w = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
  for (const [what, bytes, why] of [
    ['a gap', safetensorsOf({ w: { ...w, data_offsets: [8, 16] } }, 16), /leaves a gap/],
    ['bytes without a tensor', safetensorsOf({ w }, 16), /need 8 bytes, and it has 16/],
    ['a shape that is no list', safetensorsOf({ w: { ...w, shape: 2 } }, 8), /no shape/],
    ['a broken size', safetensorsOf({ w: { ...w, shape: [1.5] } }, 8), /no shape/],
    ['a negative offset', safetensorsOf({ w: { ...w, data_offsets: [-8, 0] } }, 8), /no shape/],
    ['a prototype as format', safetensorsOf({ w: { ...w, dtype: '__proto__' } }, 8), /format/],
    ['a list', safetensorsOf('[1, 2]'), /not a JSON object/],
    ['nested braces', safetensorsOf('{"a":'.repeat(100_000)), /not a JSON object/],
    ['two tensors of one name', safetensorsOf(doubled(w), 16), /need 8 bytes|leaves a gap/],
    ['a checkpoint of this lab', safetensorsOf({ __metadata__: { ktg: '{}' } }), /this program/],
  ] as const)
    test(`${what} is refused`, async () => {
      assert.match((await refusal(bytes)).message, why);
    });
});

describe('networks in files', () => {
  test('one of several networks is named by its place', async () => {
    const { pickle, storages } = whole(0.5);
    const path = written(
      folder,
      'two.pth',
      zipOf(checkpoint(file(dict(['model', pickle], ['ema', pickle])), storages)),
    );
    await assert.rejects(read(path), /several networks that fit: model, ema/);
    await assert.rejects(read(path, 'swa'), /no tensors under "swa".*model, ema/);
    const { parameters, momentum } = await read(path, 'ema');
    assert.ok(parameters.every((value) => value === 0.5));
    assert.ok(momentum.every((value) => value === 0));
  });

  test('a network for other classes, or of another form, is refused tensor by tensor', async () => {
    const path = join(fixtures, 'plain_resnet8.pth');
    const options = { source: 'weights.pth' };
    await assert.rejects(
      readTorchNetwork(path, resnet8, 100, options),
      /classifier\.weight is \[10, 64\], expected \[100, 64\]; classifier\.bias is \[10\]/,
    );
    await assert.rejects(
      readTorchNetwork(path, architecture('wrn-10-1'), 10, options),
      /Missing in the file: .*block2\.layer\.0\.convShortcut\.weight/,
    );
    await assert.rejects(
      readTorchNetwork(join(fixtures, 'legacy.pth'), resnet8, 10, options),
      (error: LabError) => error.next.includes('torch.save'),
    );
  });

  test('every tensor of every network has a name of its own', () => {
    for (const name of modelNames) {
      const model = architecture(name, { side: 64 });
      const specs = [...tensors(model, 10), ...statistics(model)];
      const names = specs.map((spec) => torchName(model, spec.name));
      assert.equal(new Set(names).size, specs.length, name);
      assert.ok(
        names.every((each) => /^[\w.]+\.(weight|bias|running_mean|running_var)$/.test(each)),
      );
    }
    const named = (model: string, ours: string): string => torchName(architecture(model), ours);
    // examples of the published definitions
    assert.equal(named('resnet18', 's2/b1/short/bn/var'), 'layer2.0.downsample.1.running_var');
    assert.equal(named('vgg13', 's2/conv2/bias'), 'block2.3.bias');
    assert.equal(named('vgg8', 'stem/bn1/gamma'), 'block0.1.weight');
    assert.equal(named('mobilenetv2-half', 's3/b5/bn2/mean'), 'blocks.4.0.conv.4.running_mean');
    assert.equal(named('mobilenetv2-half', 's1/b3/depthwise'), 'blocks.1.1.conv.3.weight');
    assert.equal(named('mobilenetv2-half', 'head/fc/kernel'), 'classifier.0.weight');
  });

  test('no file of a stranger has run anything', () => {
    for (const place of [folder, tmpdir(), process.cwd(), join(process.cwd(), '..'), fixtures])
      assert.ok(!existsSync(join(place, 'pwned')), place);
    assert.ok(readFileSync(join(fixtures, 'system_call.pth')).includes('pwned'));
  });
});
