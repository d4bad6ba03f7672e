import { type ChildProcess, spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Characters of each output that are kept; the rest is lost. */
const maxOutput = 1 << 20;

export interface RunOptions {
  /** Standard input of the program: a text or a stream, such as an archive. */
  input?: string | Readable | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Runs a program to its end.
 *
 * @returns its standard output and error output, and how it failed, as in `endOf`
 * @throws the reason of the signal when it was given
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  { input, signal }: RunOptions,
): Promise<{ output: string; complaints: string; failure: string | null }> {
  const child = spawn(program, args, { ...(signal && { signal }) });
  const output = reading(child.stdout);
  const complaints = reading(child.stderr);
  const ended = endOf(child);
  const source = typeof input === 'string' ? Readable.from([input]) : input;
  // A program that ends early closes its input; its exit status says why.
  if (source) pipeline(source, child.stdin).catch(() => undefined);
  else child.stdin.end();
  const failure = await ended;
  signal?.throwIfAborted();
  return { output: output(), complaints: complaints(), failure };
}

function reading(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (text.length < maxOutput) text += chunk;
  });
  return () => text;
}

/** Resolves to null after exit status 0, else to words about the end. */
export const endOf = (child: ChildProcess): Promise<string | null> =>
  new Promise((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('close', (code, signal) => {
      resolve(code === 0 ? null : `it ended with ${signal ?? `status ${code ?? 1}`}`);
    });
  });

export const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.trim() ?? '';
