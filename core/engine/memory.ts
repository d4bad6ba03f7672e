import { messageOf } from '../base/errors.ts';

/** How the C++ and JavaScript sides say that memory ran out, a card's or the machine's. */
export const OUT_OF_MEMORY =
  /\bOOM\b|RESOURCE_EXHAUSTED|out of memory|bad_alloc|Array buffer allocation failed|Cannot allocate memory/i;

export const isOutOfMemory = (error: unknown): boolean => OUT_OF_MEMORY.test(messageOf(error));
