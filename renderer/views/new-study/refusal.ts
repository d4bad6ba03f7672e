import { LabError } from '../../../core/base/errors.ts';
import { RefusedValue } from '../../../core/graph/refusal.ts';

/**
 * Reads a field. Returns why its text is refused; '' where it is not. The place of a value in the
 * plan (`edges[8].weights[0]`) is left out, because the reason stands at its field.
 */
export function refusalOf(read: () => void): string {
  try {
    read();
    return '';
  } catch (error) {
    if (error instanceof RefusedValue) return `Found ${error.found}, expected ${error.expected}.`;
    if (error instanceof LabError) return error.message;
    throw error;
  }
}
