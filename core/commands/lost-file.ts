import { existsSync } from 'node:fs';
import { LabError, messageOf } from '../base/errors.ts';
import type { LabProblem } from '../lab/api.ts';
import type { AttachedLab } from '../host/attach.ts';

const LOST = ['store.moved', 'store.deleted'];

/** True for the problem of a lab file that was moved or deleted while open. */
export const isLost = ({ code }: LabProblem): boolean => LOST.includes(code);

/**
 * Refuses a lab whose file left its place.
 *
 * @throws LabError `store.moved`, `store.deleted`
 */
export async function requireFile({ api }: AttachedLab): Promise<void> {
  const { trouble } = await api.request('lab.status', {});
  if (trouble && isLost(trouble)) throw new LabError(trouble);
}

/**
 * Returns the final error of a command whose lab file disappeared. A deleted file vanishes when the
 * program that has it open ends, so its content is first copied beside its former name.
 */
export async function rescued(
  error: unknown,
  { api, file, elsewhere }: AttachedLab,
): Promise<unknown> {
  if (!(error instanceof LabError) || error.code !== 'store.deleted' || elsewhere) return error;
  const copy = freeName(file);
  try {
    await api.request('lab.backup', { path: copy });
  } catch (cause) {
    const { message } = error;
    const reason = messageOf(cause);
    return new LabError('store.deleted/not-copied', { message, copy, reason }, { cause });
  }
  const { message } = error;
  return new LabError('store.deleted/copied', { message, copy }, { cause: error });
}

function freeName(file: string): string {
  for (let n = 1; ; n++) {
    const name = `${file}.rescued${n === 1 ? '' : `-${n}`}`;
    if (!existsSync(name)) return name;
  }
}
