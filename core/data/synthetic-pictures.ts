import { type RandomStream, stream } from '../base/random.ts';
import { CHANNELS } from './dataset.ts';

/** Pictures are described on a canvas of 32 x 32 units, whatever their number of pixels. */
const UNITS = 32;

/**
 * Signed distance in units of the size: negative inside. (x, y) is relative to the centre, y down.
 */
type Shape = (x: number, y: number) => number;

const SHAPES: readonly [string, Shape][] = [
  ['disc', (x, y) => Math.hypot(x, y) - 0.95],
  ['square', (x, y) => Math.max(Math.abs(x), Math.abs(y)) - 0.82],
  ['triangle', (x, y) => Math.max(Math.abs(x) * 0.87 - y * 0.5, y) - 0.6],
  ['ring', (x, y) => Math.abs(Math.hypot(x, y) - 0.75) - 0.28],
  [
    'cross',
    (x, y) =>
      Math.max(Math.min(Math.abs(x), Math.abs(y)) - 0.3, Math.max(Math.abs(x), Math.abs(y)) - 1),
  ],
];

/** Brightness between -1 and 1 at a place; (x, y) and the period are in units of the canvas. */
type Texture = (x: number, y: number, period: number) => number;

const TEXTURES: readonly [string, Texture][] = [
  ['striped', (_x, y, period) => Math.sin((2 * Math.PI * y) / period)],
  ['plain', () => 0.35],
  [
    'checked',
    (x, y, period) =>
      Math.sign(Math.sin((2 * Math.PI * x) / period) * Math.sin((2 * Math.PI * y) / period)),
  ],
  ['shaded', (x, y) => Math.max(-1, 1 - (x * x + y * y) / 30)],
];

export const MAX_CLASSES = SHAPES.length * TEXTURES.length;

/** `shape` changes fastest, so that any number of classes above 5 mixes shapes and textures. */
export const classParts = (
  label: number,
): { shape: [string, Shape]; texture: [string, Texture] } => ({
  shape: SHAPES[label % SHAPES.length]!,
  texture: TEXTURES[Math.floor(label / SHAPES.length)]!,
});

const NOISE_LENGTH = 1 << 16;

/**
 * Normal numbers to read from at random places: drawing one for each of millions of values would
 * take seconds.
 */
export function noiseTable(seed: number): Float32Array {
  const random = stream(seed, 'synthetic', 'noise');
  return Float32Array.from({ length: NOISE_LENGTH }, () => random.normal());
}

type Color = readonly [number, number, number];

const between = (random: RandomStream, low: number, high: number): number =>
  low + (high - low) * random.uniform();

const randomColor = (random: RandomStream): Color => [
  random.uniform(),
  random.uniform(),
  random.uniform(),
];

/** Bright colour of a hue (in turns), a smooth wheel of red, green, blue. */
const colorOfHue = (hue: number, light: number): Color => [
  light + 0.35 * Math.cos(2 * Math.PI * hue),
  light + 0.35 * Math.cos(2 * Math.PI * (hue - 1 / 3)),
  light + 0.35 * Math.cos(2 * Math.PI * (hue - 2 / 3)),
];

/** Red, green and blue of square pixels, about 0 .. 1. */
interface Canvas {
  readonly values: Float32Array;
  /** Pixels on a side. */
  readonly side: number;
}

/** Paints one image [side, side, 3] of a class. */
export function paint(
  image: Uint8Array,
  side: number,
  label: number,
  random: RandomStream,
  noise: Float32Array,
): void {
  const values = new Float32Array(image.length);
  const canvas = { values, side };
  paintBackground(canvas, random);
  for (let left = random.below(4); left > 0; left--) paintClutter(canvas, random);
  paintShape(canvas, label, random);
  if (random.below(3) === 0) paintClutter(canvas, random);

  const strength = between(random, 0.02, 0.06);
  for (let i = 0; i < image.length; i += side) {
    const from = random.below(NOISE_LENGTH - side);
    for (let j = 0; j < side; j++)
      image[i + j] = Math.max(
        0,
        Math.min(255, Math.round(255 * (values[i + j]! + strength * noise[from + j]!))),
      );
  }
}

/** A straight gradient between two colours with a soft wave across. */
function paintBackground({ values, side }: Canvas, random: RandomStream): void {
  const first = randomColor(random);
  const second = randomColor(random);
  const angle = between(random, 0, 2 * Math.PI);
  const across = Math.cos(angle) / side;
  const down = Math.sin(angle) / side;
  const waves = between(random, 2, 14);
  const strength = between(random, 0, 0.1);
  for (let y = 0, at = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const place = 0.5 + (x - side / 2) * across + (y - side / 2) * down;
      const wave = strength * Math.sin(waves * place * 2);
      for (let c = 0; c < CHANNELS; c++)
        values[at++] = first[c]! + (second[c]! - first[c]!) * place + wave;
    }
}

/** A small ellipse or box of one colour anywhere. */
function paintClutter(canvas: Canvas, random: RandomStream): void {
  const color = randomColor(random);
  const centreX = between(random, 0, UNITS);
  const centreY = between(random, 0, UNITS);
  const radiusX = between(random, 1.5, 5);
  const radiusY = between(random, 1.5, 5);
  const round = random.below(2) === 0;
  blend(canvas, centreX, centreY, Math.max(radiusX, radiusY), (x, y) => {
    const u = Math.abs(x) / radiusX;
    const v = Math.abs(y) / radiusY;
    const inside = round ? 1 - Math.hypot(u, v) : 1 - Math.max(u, v);
    return { cover: Math.max(0, Math.min(1, inside * 4)), color, light: 0 };
  });
}

function paintShape(canvas: Canvas, label: number, random: RandomStream): void {
  const { shape, texture } = classParts(label);
  const size = between(random, 8, 11.5);
  const angle = between(random, -0.4, 0.4);
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const period = between(random, 4, 6.5);
  const strength = between(random, 0.25, 0.45);
  // One in five is hardly there: no network can know all of them.
  const opacity = random.below(5) === 0 ? between(random, 0.02, 0.2) : between(random, 0.65, 1);
  // Each class prefers a hue, so loosely that the colour alone decides little.
  const ground = colorOfHue(label * 0.3 + 0.1 * random.normal(), between(random, 0.35, 0.65));
  const centreX = UNITS / 2 + between(random, -4, 4);
  const centreY = UNITS / 2 + between(random, -4, 4);
  blend(canvas, centreX, centreY, size * 1.45, (x, y) => {
    const u = x * cos + y * sin;
    const v = -x * sin + y * cos;
    const distance = shape[1](u / size, v / size) * size;
    return {
      cover: opacity * Math.max(0, Math.min(1, 0.5 - distance)),
      color: ground,
      light: strength * texture[1](u, v, period),
    };
  });
}

/** Lays `colour + light` over the pixels within `reach` of a centre, all in units of the canvas. */
function blend(
  { values, side }: Canvas,
  centreX: number,
  centreY: number,
  reach: number,
  at: (x: number, y: number) => { cover: number; color: Color; light: number },
): void {
  const unit = side / UNITS; // pixels
  const first = (centre: number): number => Math.max(0, Math.floor((centre - reach) * unit));
  const last = (centre: number): number => Math.min(side - 1, Math.ceil((centre + reach) * unit));
  const [left, right, bottom] = [first(centreX), last(centreX), last(centreY)];
  for (let y = first(centreY); y <= bottom; y++)
    for (let x = left; x <= right; x++) {
      const { cover, color, light } = at((x + 0.5) / unit - centreX, (y + 0.5) / unit - centreY);
      if (cover <= 0) continue;
      const pixel = (y * side + x) * CHANNELS;
      for (let c = 0; c < CHANNELS; c++)
        values[pixel + c] = values[pixel + c]! * (1 - cover) + (color[c]! + light) * cover;
    }
}
