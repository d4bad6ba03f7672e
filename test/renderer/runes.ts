/**
 * Import this first: `.svelte.ts` modules are then compiled as Svelte does, so state can be tested
 * without a page.
 */
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { compileModule } from 'svelte/compiler';

registerHooks({
  resolve: (specifier, context, next) =>
    next(
      specifier,
      specifier.startsWith('svelte')
        ? { ...context, conditions: [...context.conditions, 'browser'] }
        : context,
    ),
  load(url, context, next) {
    if (!url.endsWith('.svelte.ts')) return next(url, context);
    const filename = fileURLToPath(url);
    const script = stripTypeScriptTypes(readFileSync(filename, 'utf8'));
    const { js } = compileModule(script, { filename, generate: 'client' });
    return { format: 'module', source: js.code, shortCircuit: true };
  },
});
