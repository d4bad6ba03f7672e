/**
 * Text inside PNG files (PNG specification 11.3.3.4, iTXt): a picture carries the origin of its
 * numbers.
 */

/** CRC-32 of PNG's annex D, bit by bit: pictures are saved rarely, so speed does not matter. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/**
 * Bytes of the signature and of the chunk IHDR: 13 bytes of data with length, type and checksum.
 */
const AFTER_HEADER = 8 + 12 + 13;

export const isPng = (bytes: Uint8Array): boolean =>
  SIGNATURE.every((byte, i) => bytes[i] === byte);

/** Returns the picture with a text under a keyword (1 to 79 Latin letters), before its pixels. */
export function withText(
  png: Uint8Array<ArrayBuffer>,
  keyword: string,
  text: string,
): Uint8Array<ArrayBuffer> {
  // Keyword, end of the keyword, no compression (2 bytes), no language, no translation, text.
  const content = new TextEncoder().encode(`iTXt${keyword}\0\0\0\0\0${text}`);
  const chunk = new Uint8Array(content.length + 8);
  const view = new DataView(chunk.buffer);
  view.setUint32(0, content.length - 4);
  chunk.set(content, 4);
  view.setUint32(content.length + 4, crc32(content));
  const result = new Uint8Array(png.length + chunk.length);
  result.set(png.subarray(0, AFTER_HEADER));
  result.set(chunk, AFTER_HEADER);
  result.set(png.subarray(AFTER_HEADER), AFTER_HEADER + chunk.length);
  return result;
}

/**
 * Returns the text under a keyword as `withText` writes it; null for a picture without one or a
 * truncated file.
 */
export function textIn(png: Uint8Array, keyword: string): string | null {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const decoder = new TextDecoder();
  const head = `iTXt${keyword}\0\0\0\0\0`;
  for (let at = SIGNATURE.length; at + 12 <= png.length;) {
    const end = at + 8 + view.getUint32(at);
    if (end > png.length) return null;
    const content = decoder.decode(png.subarray(at + 4, end));
    if (content.startsWith(head)) return content.slice(head.length);
    at = end + 4;
  }
  return null;
}
