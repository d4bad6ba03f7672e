/** Arithmetic mean; NaN of nothing. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Standard deviation of a sample (divided by n - 1); NaN below two values. */
export function sampleDeviation(values: readonly number[]): number {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return values.length < 2 ? NaN : Math.sqrt(squares / (values.length - 1));
}

/** Difference of two means with the interval that holds the true one with 95 % confidence. */
export interface Difference {
  mean: number;
  low: number;
  high: number;
  /** The interval does not hold 0. */
  significant: boolean;
}

const CONFIDENCE = 0.95;

/**
 * mean(a) - mean(b) with Welch's interval: variances may differ, degrees of freedom by Welch and Satterthwaite
 * (B. L. Welch, Biometrika 34, 1947). null below two values on a side.
 */
export function welch(a: readonly number[], b: readonly number[]): Difference | null {
  if (a.length < 2 || b.length < 2) return null;
  const difference = mean(a) - mean(b);
  const [va, vb] = [sampleDeviation(a) ** 2 / a.length, sampleDeviation(b) ** 2 / b.length];
  const variance = va + vb;
  // Equal values on both sides leave no spread to judge by: the interval is the difference itself.
  const degrees = variance ** 2 / (va ** 2 / (a.length - 1) + vb ** 2 / (b.length - 1));
  const half = variance === 0 ? 0 : tQuantile((1 + CONFIDENCE) / 2, degrees) * Math.sqrt(variance);
  const [low, high] = [difference - half, difference + half];
  return { mean: difference, low, high, significant: low > 0 || high < 0 };
}

/** Student's t below which the share `p` (0.5 <= p < 1) lies; `degrees` > 0 need not be whole. */
export function tQuantile(p: number, degrees: number): number {
  let high = 1;
  while (tShare(high, degrees) < p) high *= 2;
  let low = 0;
  // Halving 60 times leaves less than the last digit.
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (tShare(middle, degrees) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Share of Student's t below t >= 0: 1 - I_x(degrees / 2, 1 / 2) / 2 with x = degrees / (degrees + t^2). */
const tShare = (t: number, degrees: number): number =>
  1 - incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;

/** Regularised incomplete beta I_x(a, b), by its continued fraction (Numerical Recipes, section 6.4). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2)
    ? (front * betaFraction(x, a, b)) / a
    : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/** Lentz's method; converges in some tens of steps. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 1000; m++) {
    for (const term of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / away(1 + term * d);
      c = away(1 + term / c);
      fraction *= c * d;
    }
    if (Math.abs(c * d - 1) < 1e-15) break;
  }
  return fraction;
}

const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

/** ln of the gamma function for x > 0 (C. Lanczos, g = 7, nine terms); right to about 15 digits. */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  const base = z + 7.5;
  const series = LANCZOS.reduce((sum, term, index) => sum + term / (z + index + 1), 0.9999999999998099);
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(base) - base + Math.log(series);
}
