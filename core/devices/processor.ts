import { readFileSync } from 'node:fs';
import type { Precision } from '../study/computation.ts';

/** Names of instructions for bfloat16 among the flags of Linux's /proc/cpuinfo. */
const bfloat16Flags = ['avx512_bf16', 'amx_bf16'];
/** Instructions that our own kernels need. */
const kernelFlags = ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl', 'avx512_bf16', 'fma'];

/**
 * Returns whether the processor multiplies bfloat16 numbers in hardware. Only Linux names its
 * instructions in a file; elsewhere the answer is no.
 *
 * @param cpuinfo text of /proc/cpuinfo; '' for none
 */
export function computesBfloat16(cpuinfo: string = processorInfo()): boolean {
  const flags = flagsOf(cpuinfo);
  return bfloat16Flags.some((flag) => flags.has(flag));
}

/** Returns whether the processor runs our own kernels, and whether it has tiles (AMX) for them. */
export function runsKernels(cpuinfo: string = processorInfo()): { norms: boolean; tiles: boolean } {
  const flags = flagsOf(cpuinfo);
  const norms = kernelFlags.every((flag) => flags.has(flag));
  return { norms, tiles: norms && flags.has('amx_bf16') && flags.has('amx_tile') };
}

type Kernel = 'norms' | 'tiles' | 'vectors' | 'convolutions';

/** Our own kernels that compute in a precision on this processor. */
export function kernelsFor(
  precision: Precision,
  { norms, tiles } = runsKernels(),
): Record<Kernel, boolean> {
  const isShort = precision === 'bfloat16';
  return {
    norms,
    tiles: isShort && tiles,
    vectors: isShort && norms && !tiles,
    convolutions: !isShort && norms,
  };
}

/** Returns whose kernels compute, such as `KTG Lab (norms, tiles)`, for people and records. */
export function kernelWords(own: Partial<Record<Kernel, boolean>>): string {
  const used = Object.entries(own).flatMap(([name, is]) => (is ? [name] : []));
  return used.length > 0 ? `KTG Lab (${used.join(', ')})` : 'TensorFlow';
}

/** KTG_WITHOUT_AMX=1 hides AMX, so that a machine with AMX tests our kernels without. */
function flagsOf(cpuinfo: string): Set<string> {
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]!.trim().split(/\s+/) ?? [];
  const hidden = process.env.KTG_WITHOUT_AMX === '1' ? /^amx_/ : /^$/;
  return new Set(flags.filter((flag) => !hidden.test(flag)));
}

function processorInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}
