/** What came of one fixture file. */
export interface ParityReport {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  /** Largest error found, as a share of what is allowed; 0 where only exact answers count. */
  readonly worst: number;
  /** The first few failures in words. */
  readonly failures: readonly string[];
}

/** Collects checks of one file into a report. */
export class Tally {
  passed = 0;
  failed = 0;
  worst = 0;
  readonly failures: string[] = [];

  /** An answer that must be exactly right. */
  exact(what: string, actual: unknown, expected: unknown): void {
    const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
    this.#count(a === e, () => `${what}: ${a}, expected ${e}`);
  }

  /** An error measure that must be at most `allowed`; NaN fails. */
  within(what: string, error: number, allowed: number): void {
    if (!(error / allowed <= this.worst)) this.worst = error / allowed;
    this.#count(error <= allowed, () => `${what}: off by ${error}, allowed ${allowed}`);
  }

  report(file: string): ParityReport {
    const { passed, failed, worst, failures } = this;
    return { file, passed, failed, worst, failures };
  }

  #count(ok: boolean, failure: () => string): void {
    if (ok) this.passed++;
    else if (++this.failed <= 5) this.failures.push(failure());
  }
}
