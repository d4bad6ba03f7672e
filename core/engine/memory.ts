import { messageOf } from '../base/errors.ts';

/**
 * Matches the messages of C++ and JavaScript about exhausted memory, of a card or of the machine.
 */
export const OUT_OF_MEMORY =
  /\bOOM\b|RESOURCE_EXHAUSTED|out of memory|bad_alloc|Array buffer allocation failed|Cannot allocate memory/i;

export const isOutOfMemory = (error: unknown): boolean => OUT_OF_MEMORY.test(messageOf(error));
