import { readFileSync, writeFileSync } from 'node:fs';
import * as v from 'valibot';

const whole = v.pipe(v.number(), v.integer());
const kept = v.object({ x: whole, y: whole, width: whole, height: whole, maximized: v.boolean() });

/** Position of the window when it was last closed. */
export type WindowState = v.InferOutput<typeof kept>;

/** Screen coordinates, pixels. */
export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

const USUAL = { width: 1280, height: 800 };
export const SMALLEST = { width: 760, height: 520 };
/** Pixels of the window that must be on a screen, so that the user can drag it. */
const MIN_VISIBLE = 100;

/**
 * Returns the saved state; null when it is missing or unreadable, since the window must open
 * anyway.
 */
export function readState(file: string): WindowState | null {
  try {
    return v.parse(kept, JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

/** Saves the state; with a full disk, the next window opens at the default position. */
export function keepState(file: string, state: WindowState): void {
  try {
    writeFileSync(file, JSON.stringify(state));
  } catch {
    // See above.
  }
}

/**
 * Returns the position of a new window: the saved one, if enough of it is on a present screen; else
 * the system chooses.
 *
 * @param screens usable areas
 */
export function placeWindow(
  state: WindowState | null,
  screens: readonly Area[],
): Partial<Area> & typeof USUAL {
  if (!state) return USUAL;
  const width = Math.max(SMALLEST.width, state.width);
  const height = Math.max(SMALLEST.height, state.height);
  const onScreen = screens.some(
    (screen) =>
      Math.min(state.x + width, screen.x + screen.width) - Math.max(state.x, screen.x) >=
        MIN_VISIBLE &&
      state.y >= screen.y &&
      state.y <= screen.y + screen.height - MIN_VISIBLE,
  );
  return onScreen ? { x: state.x, y: state.y, width, height } : { width, height };
}
