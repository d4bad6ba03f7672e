/** Tables as CSV (RFC 4180) for people who go on in other programs. */

/**
 * A cell in quotes where it must be; a text that a spreadsheet would run as a formula gets a
 * leading apostrophe.
 */
function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

type Cell = string | number | null | undefined;

/**
 * Head and rows; line breaks are CRLF. Where the numbers were made stands in columns of its own at
 * the end of every row.
 */
export function toCsv(
  head: readonly string[],
  rows: Iterable<readonly Cell[]>,
  provenance: Readonly<Record<string, unknown>> = {},
): string {
  const known = Object.entries(provenance).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  const made = known.map(([, value]): Cell =>
    typeof value === 'string' || typeof value === 'number' ? value : JSON.stringify(value),
  );
  const lines = [
    [...head, ...known.map(([key]) => `made.${key}`)],
    ...[...rows].map((row) => [...row, ...made]),
  ];
  return lines.map((line) => line.map(cell).join(',')).join('\r\n') + '\r\n';
}
