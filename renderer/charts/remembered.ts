/**
 * A pure function of records that returns its last result while their fields are the same: a chart
 * that is shown again is not computed again.
 */
export function remembered<Inputs extends readonly (object | undefined)[], Result>(
  compute: (...inputs: Inputs) => Result,
): (...inputs: Inputs) => Result {
  let last: { readonly inputs: Inputs; readonly result: Result } | null = null;
  return (...inputs) => {
    const known = last?.inputs;
    if (!last || !inputs.every((input, i) => areSame(input, known![i])))
      last = { inputs, result: compute(...inputs) };
    return last.result;
  };
}

function areSame(a: object | undefined, b: object | undefined): boolean {
  if (a === b) return true;
  if (!a || !b) return false;
  const [parts, others] = [Object.entries(a), new Map(Object.entries(b))];
  return parts.length === others.size && parts.every(([key, part]) => others.get(key) === part);
}
