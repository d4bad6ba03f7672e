/**
 * Measures of colours for tests: WCAG contrast, and CIE76 difference as colour-blind eyes see it
 * (Machado 2009, severity 1).
 */
type Triple = readonly [number, number, number];

const simulations = {
  typical: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
} as const satisfies Record<string, readonly [Triple, Triple, Triple]>;

export type Vision = keyof typeof simulations;
export const visions = Object.keys(simulations) as Vision[];

/** Contrast ratio of two hex colours, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [
    number,
    number,
  ];
  return (light + 0.05) / (dark + 0.05);
}

/** Distance of two hex colours in CIELAB; about 2 is just noticeable. */
export function difference(one: string, other: string, vision: Vision): number {
  const [a, b] = [lab(seen(one, vision)), lab(seen(other, vision))];
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

const map3 = (over: Triple, f: (value: number) => number): Triple => [
  f(over[0]),
  f(over[1]),
  f(over[2]),
];
const dot = (a: Triple, b: Triple): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

function linearRgb(hex: string): Triple {
  return map3([1, 3, 5], (at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
}

const luminance = (hex: string): number => dot([0.2126, 0.7152, 0.0722], linearRgb(hex));

function seen(hex: string, vision: Vision): Triple {
  const [red, green, blue] = simulations[vision];
  const rgb = linearRgb(hex);
  return map3([dot(red, rgb), dot(green, rgb), dot(blue, rgb)], (value) =>
    Math.min(1, Math.max(0, value)),
  );
}

function lab(rgb: Triple): Triple {
  const bend = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = bend(dot([0.4124, 0.3576, 0.1805], rgb) / 0.95047);
  const y = bend(dot([0.2126, 0.7152, 0.0722], rgb));
  const z = bend(dot([0.0193, 0.1192, 0.9505], rgb) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}
