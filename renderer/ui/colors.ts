/**
 * Colours of charts: a canvas cannot read CSS variables, and exports carry their own. As in
 * design/tokens.css.
 */
import type { RunState } from '../../core/lab/api.ts';

export interface Theme {
  readonly text: string;
  readonly quiet: string;
  readonly grid: string;
  readonly ground: string;
  /** What is selected or pointed at. */
  readonly focus: string;
  readonly states: Readonly<Record<RunState, string>>;
  /**
   * Lines that are told apart, such as runs that are compared; safe for colour-blind eyes (after
   * Okabe and Ito).
   */
  readonly series: readonly string[];
}

export const light: Theme = {
  text: '#15181d',
  quiet: '#565d68',
  grid: '#e6e8ed',
  ground: '#ffffff',
  focus: '#1f5fd1',
  states: {
    waiting: '#3f8c9b',
    running: '#1f5fd1',
    completed: '#0b7a49',
    stopped: '#7d8591',
    failed: '#bf2330',
    'out-of-memory': '#bf2330',
    cancelled: '#8f5600',
    rejected: '#8f5600',
    duplicate: '#7a5ea8',
  },
  series: ['#0067a5', '#d05a00', '#00805d', '#b04a8f', '#8a6d00', '#4d4d4d'],
};

export const dark: Theme = {
  text: '#eceef1',
  quiet: '#a9b0bb',
  grid: '#2a3038',
  ground: '#16191e',
  focus: '#7fb0ff',
  states: {
    waiting: '#6fbac8',
    running: '#7fb0ff',
    completed: '#4cc38a',
    stopped: '#8c95a1',
    failed: '#ff7d86',
    'out-of-memory': '#ff7d86',
    cancelled: '#f0b454',
    rejected: '#f0b454',
    duplicate: '#b79be6',
  },
  series: ['#56b4e9', '#f08c2e', '#2fc39a', '#e08cc4', '#e0c14a', '#c9c9c9'],
};
