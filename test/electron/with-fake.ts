/** Import first: from here on `electron` is the stand-in, also for the modules under test. */
import { registerHooks } from 'node:module';

const url = new URL('./fake-electron.ts', import.meta.url).href;
registerHooks({
  resolve: (name, context, next) =>
    name === 'electron' ? { url, shortCircuit: true } : next(name, context),
});

export const fake = await import('./fake-electron.ts');

/** Lets what has been promised happen. */
export const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
