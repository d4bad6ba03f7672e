import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as v from 'valibot';
import { LabError } from '../base/errors.ts';
import { nodeProgram, outsideArchive } from '../base/node-program.ts';
import {
  type TeacherJob,
  type TeacherProgress,
  type TeacherResult,
  teacherMessageSchema,
} from './teacher-messages.ts';

const program = outsideArchive(fileURLToPath(new URL('./teacher-program.ts', import.meta.url)));
/** Characters of the process's output in a message. */
const MAX_WORDS = 300;

/**
 * Reads a network of PyTorch, measures it on the held-out images of its plan and writes it as a
 * checkpoint to `job.out`, in a process of its own.
 *
 * @throws LabError `torch.*`, `data.*`, `teacher.*`; the signal's reason when it is aborted
 */
export async function importTeacher(
  job: TeacherJob,
  onProgress: (progress: TeacherProgress) => void,
  signal?: AbortSignal,
): Promise<TeacherResult> {
  signal?.throwIfAborted();
  const child = spawn(nodeProgram(), [program, JSON.stringify(job)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', kill);
  let words = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-MAX_WORDS);
  });
  try {
    return await new Promise<TeacherResult>((resolve, reject) => {
      child.on('message', (raw) => {
        const checked = v.safeParse(teacherMessageSchema, raw);
        if (!checked.success) {
          kill();
          reject(failed('it sent a message that is not allowed'));
        } else if (checked.output.type === 'progress') onProgress(checked.output);
        else if (checked.output.type === 'done') resolve(checked.output);
        else reject(new LabError(checked.output.problem));
      });
      child.once('error', reject);
      child.once('close', (code, ended) => {
        const last = words.trim().split('\n').at(-1) ?? '';
        reject(failed(`it ended by ${ended ?? `exit status ${code}`}${last && `: ${last}`}`));
      });
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', kill);
  }
}

const failed = (why: string): LabError => new LabError('teacher.process-ended', { why });
