/**
 * Colours of charts: a canvas cannot read CSS variables, and exports carry their own. As in
 * tokens.css. The colours of the gates belong to the gates alone.
 */
import type { RunState } from '../../core/lab/api.ts';

export interface Theme {
  readonly text: string;
  readonly quiet: string;
  readonly grid: string;
  readonly ground: string;
  /** What is selected or pointed at. */
  readonly focus: string;
  /** Ink for completed, grey for what ended early, blue for what runs, red for what failed. */
  readonly states: Readonly<Record<RunState, string>>;
  /** Ends of a scale of one hue, from the least value to the greatest. */
  readonly ramp: readonly [string, string];
  /** Lines that are told apart, such as runs that are compared: none has the colour of a gate. */
  readonly series: readonly string[];
}

export const light: Theme = {
  text: '#15181d',
  quiet: '#565d68',
  grid: '#e6e8ed',
  ground: '#ffffff',
  focus: '#1f5fd1',
  states: {
    waiting: '#6f8fc4',
    running: '#1f5fd1',
    completed: '#15181d',
    stopped: '#7d8591',
    failed: '#bf2330',
    'out-of-memory': '#bf2330',
    cancelled: '#7c7268',
    rejected: '#7c7268',
    duplicate: '#6d7f8c',
  },
  ramp: ['#cfdcf2', '#08306b'],
  series: ['#0067a5', '#b3246b', '#00767f', '#6b4a1f', '#15181d', '#6a7f00'],
};

export const dark: Theme = {
  text: '#eceef1',
  quiet: '#a9b0bb',
  grid: '#2a3038',
  ground: '#16191e',
  focus: '#7fb0ff',
  states: {
    waiting: '#94abd1',
    running: '#7fb0ff',
    completed: '#eceef1',
    stopped: '#8c95a1',
    failed: '#ff7d86',
    'out-of-memory': '#ff7d86',
    cancelled: '#a89e92',
    rejected: '#a89e92',
    duplicate: '#93a6b3',
  },
  ramp: ['#26354f', '#d6e6ff'],
  series: ['#56b4e9', '#ff8fc0', '#35c6d0', '#cfa670', '#eceef1', '#bccb4a'],
};
