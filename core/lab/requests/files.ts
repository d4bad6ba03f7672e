import type { Answers, LabContext } from '../lab-context.ts';

type Names = 'files.begin' | 'files.append' | 'files.read' | 'files.forget';

/** Files that cross the connection. */
export function fileRequests({ files }: LabContext): Answers<Names> {
  return {
    'files.begin': ({ name, bytes }, signal) => files.begin(name, bytes, signal),
    'files.append': ({ upload, offset, data }) => files.append(upload, offset, data),
    'files.read': ({ download, offset }) => files.portion(download, offset),
    'files.forget': async ({ file }) => {
      await files.forget(file);
      return {};
    },
  };
}
