import { readFileSync } from 'node:fs';

/** Names of instructions for bfloat16 among the flags of Linux's /proc/cpuinfo. */
const bfloat16Flags = ['avx512_bf16', 'amx_bf16'];

/**
 * Returns whether the processor multiplies bfloat16 numbers in hardware. Only Linux names its
 * instructions in a file; elsewhere the answer is no.
 *
 * @param cpuinfo text of /proc/cpuinfo; '' for none
 */
export function computesBfloat16(cpuinfo: string = processorInfo()): boolean {
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]!.trim().split(/\s+/));
  return bfloat16Flags.some((flag) => flags.has(flag));
}

function processorInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}
