/** Standard deviations of a guess above chance that a teacher must be. */
const MARGIN = 3;

/**
 * True when so many right answers are more than guessing gives: above 1/classes by three standard
 * deviations of a binomial.
 */
export function beatsChance(right: number, images: number, classes: number): boolean {
  const chance = 1 / classes;
  const deviation = Math.sqrt((chance * (1 - chance)) / images);
  return right / images > chance + MARGIN * deviation;
}
