import { chooseSlots, measurementFile, readMeasurement } from '../devices/card-slots.ts';
import { type Card, findCards } from '../devices/cards.ts';
import type { Device } from '../devices/device.ts';
import { devicesFrom } from '../devices/devices.ts';
import { type Sharing, shareCards } from '../devices/mps.ts';
import { obstaclesTo } from '../lab/engine-library.ts';

/** Devices of this machine for a worker pool, and what it needs to look at them again. */
export interface LocalDevices {
  lookAtDevices: (afresh: boolean) => Promise<Device[]>;
  share: () => Promise<Sharing>;
}

export function localDevices(): LocalDevices {
  let cards: Card[] = [];
  let obstacleTo: ReturnType<typeof obstaclesTo>;
  return {
    async lookAtDevices(afresh) {
      const known = new Set(cards.map(({ uuid }) => uuid));
      cards = await findCards(process.env, cards);
      if (afresh || cards.some(({ uuid }) => !known.has(uuid))) obstacleTo = obstaclesTo(cards);
      return devicesFrom(cards, obstacleTo, (card) =>
        chooseSlots(readMeasurement(measurementFile(card.title)), card),
      );
    },
    share: () => shareCards(cards.map(({ uuid, index }) => uuid || String(index))),
  };
}
