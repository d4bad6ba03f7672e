import { LabError } from '../../../core/base/errors.ts';

/** Reads a field. Returns why its text is refused; '' where it is not. */
export function refusalOf(read: () => void): string {
  try {
    read();
    return '';
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    return error.message;
  }
}
