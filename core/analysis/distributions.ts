/**
 * Returns the t below which the share `p` (0.5 <= p < 1) of Student's distribution lies; `degrees`
 * > 0 may be fractional.
 */
export function tQuantile(p: number, degrees: number): number {
  let high = 1;
  while (tShare(high, degrees) < p) high *= 2;
  let low = 0;
  // 60 halvings reach the precision of a double.
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (tShare(middle, degrees) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Returns the share of Student's t below t >= 0: 1 - I_x(degrees / 2, 1 / 2) / 2 with x = degrees /
 * (degrees + t^2).
 */
const tShare = (t: number, degrees: number): number => 1 - tTails(t, degrees) / 2;

/** Returns the two-sided p of Student's t. */
export const tTails = (t: number, degrees: number): number =>
  incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);

/** Returns the share of the F distribution above `f` >= 0. */
export const fTail = (f: number, above: number, below: number): number =>
  incompleteBeta(below / (below + above * f), below / 2, above / 2);

/**
 * Returns the share of the noncentral t distribution outside -t and t (t >= 0): 1 minus the Poisson
 * mixture of incomplete betas (R. V. Lenth, Applied Statistics 38, 1989, AS 243; both tails
 * together, so the odd terms cancel).
 */
export function noncentralTails(t: number, degrees: number, noncentrality: number): number {
  const x = (t * t) / (degrees + t * t);
  const rate = (noncentrality * noncentrality) / 2;
  let inside = 0;
  // Weights of the Poisson distribution above 12 standard deviations are below double precision.
  const most = Math.ceil(rate + 12 * Math.sqrt(rate) + 24);
  for (let j = 0; j <= most; j++) {
    const weight =
      rate === 0 ? Number(j === 0) : Math.exp(j * Math.log(rate) - rate - logGamma(j + 1));
    if (weight > 1e-18) inside += weight * incompleteBeta(x, j + 0.5, degrees / 2);
  }
  return Math.min(1, Math.max(0, 1 - inside));
}

/**
 * Returns the probability of each number of successes, 0 to `n`, in `n` draws with probability `p`.
 */
export const binomialShares = (n: number, p: number): number[] =>
  Array.from({ length: n + 1 }, (_, k) => {
    if (p <= 0 || p >= 1) return Number(k === (p <= 0 ? 0 : n));
    const ways = logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
    return Math.exp(ways + k * Math.log(p) + (n - k) * Math.log1p(-p));
  });

/**
 * Returns the probability of each number of good ones, 0 to `draws`, among draws without replacement
 * from a population with `good` good ones.
 */
export function hypergeometricShares(population: number, good: number, draws: number): number[] {
  const ways = (n: number, k: number): number =>
    logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
  const bad = population - good;
  return Array.from({ length: draws + 1 }, (_, k) =>
    k > good || draws - k > bad
      ? 0
      : Math.exp(ways(good, k) + ways(bad, draws - k) - ways(population, draws)),
  );
}

/**
 * Returns the regularised incomplete beta I_x(a, b) by its continued fraction (Numerical Recipes,
 * section 6.4).
 */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  );
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

/**
 * Returns ln of the gamma function for x > 0 (C. Lanczos, g = 7, nine terms), correct to about 15
 * digits.
 */
function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const z = x - 1;
  const base = z + 7.5;
  const series = LANCZOS.reduce(
    (sum, term, index) => sum + term / (z + index + 1),
    0.9999999999998099,
  );
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(base) - base + Math.log(series);
}
