/** Runs a function as an effect of a page: again when a value that it has read changes. */
export const asEffect = (run: () => () => void): (() => void) =>
  $effect.root(() => {
    $effect(run);
  });
