import type { Page } from 'playwright-core';

/**
 * Functions of a page: an SVG text without its words as pixels, since fonts differ between
 * machines, and two pictures beside each other.
 */
const LIBRARY = `
  window.draw = async (address) => {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    const context = canvas.getContext('2d');
    context.fillStyle = '#fff';
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0);
    return canvas;
  };
  window.wordless = (svg) =>
    'data:image/svg+xml,' + encodeURIComponent(svg.replace(/<text[^]*?<\\/text>/g, ''));
  window.pixels = (canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
`;

/** A PNG of an SVG text, 1 pixel per unit. */
export async function rasterise(page: Page, svg: string): Promise<Buffer> {
  await page.evaluate(LIBRARY);
  const base64 = await page.evaluate<string>(`(async () => {
    const canvas = await draw(wordless(${JSON.stringify(svg)}));
    const blob = await canvas.convertToBlob();
    return btoa(Array.from(new Uint8Array(await blob.arrayBuffer()), (byte) => String.fromCharCode(byte)).join(''));
  })()`);
  return Buffer.from(base64, 'base64');
}

/**
 * Share of the pixels that differ visibly (by more than 64 of 255 in a colour) between an SVG text
 * and a PNG; 1 where sizes differ.
 */
export const difference = (page: Page, svg: string, png: Buffer): Promise<number> =>
  compared(page, `wordless(${JSON.stringify(svg)})`, png);

/** The same between two PNGs. */
export const pngDifference = (page: Page, one: Buffer, other: Buffer): Promise<number> =>
  compared(page, `'${addressOf(one)}'`, other);

const addressOf = (png: Buffer): string => `data:image/png;base64,${png.toString('base64')}`;

/** @param address expression for the address of an image */
async function compared(page: Page, address: string, png: Buffer): Promise<number> {
  await page.evaluate(LIBRARY);
  return page.evaluate<number>(`(async () => {
    const one = await draw(${address});
    const other = await draw('${addressOf(png)}');
    if (one.width !== other.width || one.height !== other.height) return 1;
    const [a, b] = [pixels(one), pixels(other)];
    let differ = 0;
    for (let i = 0; i < a.length; i += 4)
      if ([0, 1, 2].some((channel) => Math.abs(a[i + channel] - b[i + channel]) > 64)) differ++;
    return differ / (a.length / 4);
  })()`);
}
