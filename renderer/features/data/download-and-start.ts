import type { LabEvent } from '../../../core/lab/api.ts';
import type { Lab } from '../../client/lab.svelte.ts';

type Asked = Pick<Lab, 'request' | 'attempt' | 'listen'>;

/**
 * Downloads the data set of a study, and starts the study when the set is ready, on whatever page
 * the app then is. A download that fails or is stopped leaves the study ready to start.
 */
export async function downloadAndStart(lab: Asked, study: number, data: string): Promise<void> {
  const undo = lab.listen((event: LabEvent) => {
    if (event.type !== 'data' || event.data.name !== data) return;
    const { state } = event.data;
    if (state === 'downloading' || state === 'unpacking') return;
    undo();
    if (state === 'ready') void lab.attempt(() => lab.request('studies.resume', { study }));
  });
  const begun = await lab.attempt(
    () => lab.request('data.download', { data }),
    'The study starts as soon as its data are here.',
  );
  if (!begun) undo();
}
