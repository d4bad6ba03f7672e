/** Tables as CSV (RFC 4180) for people who go on in other programs. */

/** A cell in quotes where it must be; a text that a spreadsheet would run as a formula gets a leading apostrophe. */
function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Head and rows; line breaks are CRLF. */
export const toCsv = (
  head: readonly string[],
  rows: Iterable<readonly (string | number | null | undefined)[]>,
): string => [head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';
