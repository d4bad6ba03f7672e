/**
 * Files over the connection, in portions of at most 1 MiB, and files that the page itself makes.
 */
import { ChunkSender } from '../../core/base/chunks.ts';
import { LabError } from '../../core/base/errors.ts';
import type { Download, FileInput } from '../../core/lab/api.ts';
import type { Lab } from './lab.svelte.ts';
import { withText } from '../../core/base/png.ts';
import { contentOf } from './file-content.ts';

const PORTION = 1 << 20;
/** Portions of an upload that may be on their way without an answer. */
const PORTIONS_AHEAD = 4;

const toBase64 = (bytes: Uint8Array): string => {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000)
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
};

const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** Uploads a chosen or dropped file and lets `use` work on it, with progress and a stop button. */
export const send = <T>(
  lab: Lab,
  file: File,
  use: (input: FileInput, signal: AbortSignal) => Promise<T>,
): Promise<T> =>
  lab.transfer(`Sending ${file.name}`, async (tell, signal) => {
    const { upload } = await lab.request(
      'files.begin',
      { name: file.name, bytes: file.size },
      signal,
    );
    try {
      await sendPortions(lab, file, upload, tell, signal);
      tell(null, `Reading ${file.name}`);
      return await use({ upload }, signal);
    } catch (thrown) {
      await lab.request('files.forget', { file: upload }).catch(() => undefined);
      throw thrown;
    }
  });

/** Sends all portions in order, some of them ahead of the answers. */
async function sendPortions(
  lab: Lab,
  file: File,
  upload: string,
  tell: (share: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const window = new ChunkSender(PORTIONS_AHEAD);
  for (let offset = 0; offset < file.size; offset += PORTION) {
    const data = await base64Of(file, offset);
    const index = await window.next();
    lab.request('files.append', { upload, offset, data }, signal).then(
      ({ received }) => {
        window.taken(index);
        tell(received / file.size);
      },
      (error: unknown) => {
        window.end(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }
  await window.allTaken();
}

const base64Of = async (file: File, offset: number): Promise<string> =>
  toBase64(await contentOf(file.slice(offset, offset + PORTION), file.name));

/** Downloads a file that the lab has prepared, and saves it under its name. */
export const saveDownload = (lab: Lab, { download, name, type, bytes }: Download): Promise<void> =>
  lab.transfer(`Fetching ${name}`, async (tell, signal) => {
    const parts: Blob[] = []; // which the browser may put on its disk
    let offset = 0;
    try {
      for (;;) {
        const { data, last } = await lab.request('files.read', { download, offset }, signal);
        const part = fromBase64(data);
        parts.push(new Blob([part]));
        offset += part.length;
        tell(bytes > 0 ? offset / bytes : null);
        if (last) break;
      }
    } finally {
      await lab.request('files.forget', { file: download }).catch(() => undefined);
    }
    if (offset !== bytes) throw new LabError('files.incomplete/export', { name, offset, bytes });
    save(name, new Blob(parts, { type }));
  });

/**
 * The subject of a saved file by its provenance: "Three nodes trial 18", or the name of a re-run;
 * '' without either.
 */
export function subjectOf({ study, rerun, trial }: Readonly<Record<string, unknown>> = {}): string {
  const of = [study, rerun].find((name): name is string => typeof name === 'string') ?? '';
  return typeof trial === 'number' ? `${of} trial ${trial}` : of;
}

/** The name of a file from its parts, the most general first: "Three-nodes-trial-18-graph". */
export const fileName = (...parts: readonly string[]): string =>
  parts
    .join(' ')
    .replace(/[^\p{L}\p{N}._=+×-]+/gu, '-')
    .replace(/^[-.]+|-+$/g, '') || 'lab';

/** Lets the browser save a file; a Blob has a type of its own. */
export function save(
  name: string,
  content: Blob | string | Uint8Array<ArrayBuffer>,
  type = 'text/plain',
): void {
  const full = typeof content === 'string' ? `${type};charset=utf-8` : type;
  const blob = content instanceof Blob ? content : new Blob([content], { type: full });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name.replace(/[\\/:*?"<>|\p{Cc}]+/gu, '-');
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * Draws an SVG text as PNG at `scale` pixels per unit, on white: text stays legible wherever the
 * picture is opened. The PNG keeps the metadata of the SVG.
 */
export async function svgToPng(svg: string, scale = 3): Promise<Blob> {
  const address = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(image.naturalWidth * scale);
    canvas.height = Math.round(image.naturalHeight * scale);
    const pen = canvas.getContext('2d')!;
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob>((resolve, reject) => {
      canvas.toBlob((made) =>
        made ? resolve(made) : reject(new Error('The picture could not be drawn.')),
      );
    });
    const origin = new DOMParser().parseFromString(svg, 'image/svg+xml').querySelector('metadata');
    if (!origin) return blob;
    const bytes = new Uint8Array(await blob.arrayBuffer());
    return new Blob([withText(bytes, 'Description', origin.textContent)], { type: blob.type });
  } finally {
    URL.revokeObjectURL(address);
  }
}
