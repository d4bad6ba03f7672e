/**
 * Light or dark: the system's choice unless the settings say otherwise. Charts need to know; styles
 * follow CSS.
 */
import { MediaQuery } from 'svelte/reactivity';
import { dark, light, type Theme } from './colors.ts';

const systemDark = new MediaQuery('(prefers-color-scheme: dark)');
let chosen = $state<'system' | 'light' | 'dark'>('system');

export const theme = {
  /** Colours for charts. */
  get current(): Theme {
    return (chosen === 'system' ? systemDark.current : chosen === 'dark') ? dark : light;
  },
  choose(choice: 'system' | 'light' | 'dark'): void {
    chosen = choice;
    document.documentElement.dataset['theme'] = choice;
  },
};
