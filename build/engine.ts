/**
 * node build/engine.ts STAMP CACHE: installs the TensorFlow library and writes the outcome to STAMP
 * under the name CACHE. A failed install is not repeated automatically: most reasons (no compiler,
 * no network) would only delay every start.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../core/base/errors.ts';
import { installWithView } from '../core/install/progress-lines.ts';
import { libraryStatus, type LibraryStatus } from '../core/install/library-status.ts';

const [stamp = '', cache = ''] = process.argv.slice(2);

function failedBefore(): string | undefined {
  try {
    const last = JSON.parse(readFileSync(stamp, 'utf8')) as { cache: string; problem?: string };
    return last.cache === cache ? last.problem : undefined;
  } catch {
    return undefined;
  }
}

const remember = (end: { manifest: string } | { problem: string }) => {
  writeFileSync(stamp, JSON.stringify({ cache, ...end }));
};
const rememberReady = ({ folder }: LibraryStatus) => {
  remember({ manifest: join(folder, 'manifest.json') });
};

const status = libraryStatus('cpu');
const problem = failedBefore();
if (status.state === 'ready') rememberReady(status);
else if (problem !== undefined && status.state === 'missing')
  console.error(
    `TensorFlow is not installed. The portable engine is used, more slowly.\n${problem}`,
  );
else
  try {
    const installed = await installWithView(process.stderr);
    rememberReady(installed);
    console.error(installed.found);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const text = `${error.message}\n${error.next}`;
    remember({ problem: text });
    console.error(
      `TensorFlow could not be installed. The portable engine is used, more slowly.\n${text}`,
    );
  }
