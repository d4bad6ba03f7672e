import { LabError } from '../../../core/base/errors.ts';

/** In a field, the place of a value in the plan (`space: edges[8].weights[0]: `) says nothing. */
const PLACE = /^space: [\w.[\]]+: found /;

/** Reads a field. Returns why its text is refused; '' where it is not. */
export function refusalOf(read: () => void): string {
  try {
    read();
    return '';
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return error.message.replace(PLACE, 'Found ');
  }
}
