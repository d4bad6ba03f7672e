// A reporter for Node's test runner: lists the reasons of skipped tests with their number. Plain
// JavaScript for Node 18 and newer.

/**
 * @param {AsyncIterable<{ type: string, data: { skip?: string | boolean, file?: string } }>} events
 * @returns {AsyncGenerator<string>} one line for each reason: `3 tests: reason`
 */
export default async function* untested(events) {
  const counts = /** @type {Map<string, number>} */ (new Map());
  for await (const { type, data } of events) {
    if (type !== 'test:pass' || data.skip === undefined || data.skip === false) continue;
    const reason =
      typeof data.skip === 'string' && data.skip !== ''
        ? data.skip
        : `no reason given (${data.file})`;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  for (const [reason, count] of counts)
    yield `${count} ${count === 1 ? 'test or suite' : 'tests or suites'}: ${reason}\n`;
}
