import { BATCH_NORM_EPSILON } from '../../models/conventions.ts';
import type { Architecture, Layer } from '../../models/layers.ts';
import { layerName } from './names.ts';

/** A layer with weights by its path of names: `layer1.0.conv1`. */
type ModuleTree = Map<string, ModuleTree | string>;

/**
 * Returns a PyTorch module as Python source that needs PyTorch alone: the network layer by layer,
 * and a reader of its weights. Names are those of `torchWeights`.
 *
 * @param classNames in the order of the outputs; null where they are not known
 */
export function torchModule(
  model: Architecture,
  classes: number,
  classNames: readonly string[] | null,
): string {
  const { title, side } = model;
  return [
    `"""${title} for ${classes} classes and images of ${side} x ${side} pixels, written by KTG lab.`,
    '',
    `Input: [batch, 3, ${side}, ${side}], RGB, pixel values / 255. Output: logits [batch, ${classes}].`,
    'Names and layout of the weights are those of PyTorch; other programs can read them, too.',
    '"""',
    '',
    'import json',
    'import sys',
    '',
    'import torch',
    'import torch.nn.functional as F',
    'from torch import nn',
    '',
    '# In the order of the outputs.',
    `CLASS_NAMES = ${classNames === null ? 'None' : JSON.stringify(classNames)}`,
    '',
    '',
    'class Network(nn.Module):',
    '    def __init__(self):',
    '        super().__init__()',
    ...definitions(model, classes),
    '',
    '    def forward(self, x):',
    ...steps(model, model.layers, 'x').map((line) => `        ${line}`),
    '        return x',
    ...READER,
    '',
  ].join('\n');
}

const READER = `

def read_weights(path):
    """Returns the tensors of a safetensors file with float32 numbers by their names."""
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = bytearray(file.read())
    header.pop("__metadata__", None)
    return {
        name: torch.frombuffer(
            data,
            dtype=torch.float32,
            count=(entry["data_offsets"][1] - entry["data_offsets"][0]) // 4,
            offset=entry["data_offsets"][0],
        ).reshape(entry["shape"])
        for name, entry in header.items()
    }


def load(path):
    """Returns the network with its weights, in evaluation mode."""
    network = Network()
    network.load_state_dict(read_weights(path))
    return network.eval()


if __name__ == "__main__":
    parameters = sum(each.numel() for each in load(sys.argv[1]).parameters())
    print(f"{sys.argv[1]}: {parameters} parameters")`.split('\n');

/** The lines that make all modules, in the order of the layers. */
function definitions(model: Architecture, classes: number): string[] {
  const tree: ModuleTree = new Map();
  const add = (layers: readonly Layer[]): void => {
    for (const layer of layers) {
      if (layer.kind === 'residual') add([...layer.body, ...layer.shortcut]);
      const made = moduleOf(layer, classes);
      if (made === null || !('name' in layer)) continue;
      const path = layerName(model, layer.name).split('.');
      let place = tree;
      for (const name of path.slice(0, -1)) {
        const inner = place.get(name);
        const next = inner instanceof Map ? inner : new Map<string, ModuleTree | string>();
        place.set(name, next);
        place = next;
      }
      place.set(path.at(-1)!, made);
    }
  };
  add(model.layers);
  return [...tree].flatMap(([name, made]) => lines(`self.${name} = `, made, '        ', ''));
}

function lines(begin: string, made: ModuleTree | string, indent: string, end: string): string[] {
  if (typeof made === 'string') return [`${indent}${begin}${made}${end}`];
  return [
    `${indent}${begin}nn.ModuleDict({`,
    ...[...made].flatMap(([name, inner]) => lines(`"${name}": `, inner, `${indent}    `, ',')),
    `${indent}})${end}`,
  ];
}

function moduleOf(layer: Layer, classes: number): string | null {
  switch (layer.kind) {
    case 'convolution': {
      const { inputs, outputs, size, stride, bias } = layer;
      const padding = (size - 1) / 2;
      return `nn.Conv2d(${inputs}, ${outputs}, ${size}, stride=${stride}, padding=${padding}, bias=${bias ? 'True' : 'False'})`;
    }
    case 'depthwise': {
      const { channels, stride } = layer;
      return `nn.Conv2d(${channels}, ${channels}, 3, stride=${stride}, padding=1, groups=${channels}, bias=False)`;
    }
    case 'batch-norm':
      return `nn.BatchNorm2d(${layer.channels}, eps=${BATCH_NORM_EPSILON})`;
    case 'dense':
      return `nn.Linear(${layer.inputs}, ${classes})`;
    default:
      return null;
  }
}

/** The forward pass of some layers over the variable `at`. */
function steps(model: Architecture, layers: readonly Layer[], at: string): string[] {
  return layers.flatMap((layer) => {
    switch (layer.kind) {
      case 'convolution':
      case 'depthwise':
      case 'batch-norm':
      case 'dense':
        return [`${at} = ${access(layerName(model, layer.name))}(${at})`];
      case 'relu':
        return [`${at} = F.relu(${at})`];
      case 'max-pool':
        return [`${at} = F.max_pool2d(${at}, ${layer.size}, stride=2, padding=${layer.padding})`];
      case 'every-second-pixel':
        return [`${at} = ${at}[:, :, ::2, ::2]`];
      case 'append-channels':
        return [`${at} = F.pad(${at}, (0, 0, 0, 0, 0, ${layer.count}))`];
      case 'global-average':
        return [`${at} = ${at}.mean((2, 3))`];
      case 'residual':
        return [
          ...[`body = ${at}`, ...steps(model, layer.body, 'body')],
          ...steps(model, layer.shortcut, at),
          `${at} = ${at} + body`,
        ];
      case 'stage-end':
        return [`# ${at} is the output of stage ${layer.name}`];
    }
  });
}

/** `self.layer1["0"]["conv1"]` for `layer1.0.conv1`. */
function access(path: string): string {
  const [first, ...inner] = path.split('.');
  return `self.${first}${inner.map((name) => `["${name}"]`).join('')}`;
}
