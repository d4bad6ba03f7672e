/** Loaded first into a process whose clock is to be off: KTG_TEST_CLOCK in milliseconds. */
const shift = Number(process.env.KTG_TEST_CLOCK ?? 0);
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...values: [] | [number | string]) {
    if (values.length === 0) super(RealDate.now() + shift);
    else super(values[0]);
  }

  static override now(): number {
    return RealDate.now() + shift;
  }
} as DateConstructor;
