import type { LabProblem } from '../base/problem.ts';
import type { Device } from '../devices/device.ts';
import type { Versions } from './messages.ts';

/** A machine as people see it. */
export interface MachineState {
  id: string;
  name: string;
  state: 'unreachable' | 'starting' | 'reachable' | 'needs-update' | 'draining';
  /** null before its agent has come in once. */
  versions: Versions | null;
  /** Names of its data sets. */
  data: readonly string[];
  /** Its devices, named as in slots: `lena/gpu:0`. */
  devices: readonly Device[];
  /** Bytes a second to the machine and from it, over the last seconds. */
  traffic: { down: number; up: number };
  /** Milliseconds to its agent and back; null while that is not known. */
  roundTrip: number | null;
  problem: LabProblem | null;
}

/** Bytes a second, smoothed over some looks. */
export class Traffic {
  #down = 0;
  #up = 0;
  #rate = { down: 0, up: 0 };

  sent(bytes: number): void {
    this.#down += bytes;
  }

  received(bytes: number): void {
    this.#up += bytes;
  }

  get rate(): { down: number; up: number } {
    return { down: Math.round(this.#rate.down), up: Math.round(this.#rate.up) };
  }

  /** @param seconds since the last look */
  look(seconds: number): void {
    const { down, up } = this.#rate;
    this.#rate = {
      down: down + (this.#down / seconds - down) / 5,
      up: up + (this.#up / seconds - up) / 5,
    };
    this.#down = 0;
    this.#up = 0;
  }
}
