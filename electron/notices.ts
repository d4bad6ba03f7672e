import { Notification } from 'electron';
import type { LabApi } from '../core/lab/api.ts';
import { Endings, type Notice } from './finished-jobs.ts';

/**
 * Tells the end of long jobs while nobody looks at the window, unless the settings say no. Returns
 * its undo.
 *
 * @param looks whether the window is in front
 * @param go leads to a place of the app
 */
export function tellEndings(
  lab: LabApi,
  looks: () => boolean,
  go: (place: string) => void,
): () => void {
  const endings = new Endings();
  const shown = new Set<Notification>(); // or the garbage collector takes the click along
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
    // The lab has closed meanwhile.
    for (const notice of endings.hear(event)) void show(notice).catch(() => undefined);
  });
}
