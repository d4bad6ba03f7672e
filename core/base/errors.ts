/**
 * An expected failure that a person can act on: what was found, what was expected, and what to do
 * next. Bugs are ordinary errors; only LabErrors are shown without a stack.
 */
export class LabError extends Error {
  /** Stable, dotted, lower case: `graph.self-edge`, `data.truncated`. Programs match on it. */
  readonly code: string;
  /** One sentence that advises the next step; empty when nothing can be done. */
  readonly next: string;

  constructor(code: string, message: string, next = '', options?: ErrorOptions) {
    super(message, options);
    this.name = 'LabError';
    this.code = code;
    this.next = next;
  }
}

/** Returns the message of any thrown value, for use inside another message. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message : String(thrown);
