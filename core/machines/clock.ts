import { X509Certificate } from 'node:crypto';
import { problem } from '../base/errors.ts';
import type { LabProblem } from '../base/problem.ts';

/**
 * Why a broker was refused by its dates: the clock of this machine is far off. Pure.
 *
 * @param reason what the TLS library said
 * @param ca the lab's authority (PEM)
 * @returns null for every other reason
 */
export function clockProblem(reason: string, ca: string, now: number): LabProblem | null {
  if (!/certificate (is not yet valid|has expired)/i.test(reason)) return null;
  const { validFrom, validTo } = new X509Certificate(ca);
  const day = (date: string | number): string => new Date(date).toISOString().slice(0, 10);
  return problem('machines.wrong-clock', {
    today: day(now),
    from: day(validFrom),
    to: day(validTo),
  });
}
