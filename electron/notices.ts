import { Notification } from 'electron';
import type { LabApi } from '../core/lab/api.ts';
import { JobWatcher, type Notice } from './finished-jobs.ts';

/**
 * Shows notifications about ended long jobs while the window is not in front, unless the settings
 * turn them off. Returns its undo.
 *
 * @param looks returns whether the window is in front
 * @param go opens a place of the app
 */
export function notifyOfFinishedJobs(
  lab: LabApi,
  looks: () => boolean,
  go: (place: string) => void,
): () => void {
  const watcher = new JobWatcher();
  const shown = new Set<Notification>(); // prevents garbage collection before a click
  const show = async ({ title, body, place }: Notice): Promise<void> => {
    const { notifications } = await lab.request('settings.get', {});
    if (!notifications || looks() || !Notification.isSupported()) return;
    const notification = new Notification({ title, body });
    shown.add(notification);
    notification.on('click', () => {
      go(place);
    });
    notification.on('close', () => shown.delete(notification));
    notification.show();
  };
  return lab.subscribe(['studies', 'reruns', 'pretrained', 'data', 'engine'], (event) => {
    // The lab may have closed.
    for (const notice of watcher.noticesOf(event)) show(notice).catch(() => undefined);
  });
}
