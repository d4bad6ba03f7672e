import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importProblems } from '../../build/imports.js';

const problems = (files: Record<string, string>) => importProblems(new Map(Object.entries(files)));

test('allowed directions, packages and the same folder give no problem', () => {
  assert.deepEqual(
    problems({
      'core/graph/graph.ts': `import { LabError } from '../base/errors.ts'; import { gates } from '../gates/gates.ts'; import './key.ts'; import * as v from 'valibot';`,
      'core/base/errors.ts': '',
      'core/gates/gates.ts': '',
      'core/store/sqlite.ts': `import Database from 'better-sqlite3'; import { join } from 'node:path'; import '../study/study.ts';`,
      'core/study/study.ts': '',
      'core/cli.ts': `const command = await import('./commands/train.ts');`,
      'core/commands/train.ts': `import '../train/loop.ts';`,
      'renderer/app/App.svelte': `<script lang="ts">import type { LabApi } from '../../core/lab/api.ts';</script><p>import 'node:fs'</p>`,
      'core/lab/api.ts': '',
      'test/graph/graph.test.ts': `import '../../core/graph/graph.ts';`,
    }),
    [],
  );
});

test('an import in a forbidden direction is reported with file and line, in any syntax', () => {
  for (const line of [
    `import { train } from '../train/loop.ts';`,
    `import type { Loop } from '../train/loop.ts';`,
    `export * from '../train/loop.ts';`,
    `const loop = await import('../train/loop.ts');`,
    `const loop = require('../train/loop.ts');`,
    `type Loop = import('../train/loop.ts').Loop;`,
  ])
    assert.deepEqual(
      problems({ 'core/gates/gates.ts': `\n\n${line}` }),
      ['core/gates/gates.ts:3: core/gates may not import core/train/loop.ts (only core/base)'],
      line,
    );
});

test('the lab sees neither engine nor training, the page only its side of the lab, the stopping rule nothing', () => {
  assert.equal(problems({ 'core/lab/lab.ts': `import '../engine/engine.ts';` }).length, 1);
  assert.equal(
    problems({ 'renderer/app/App.svelte': `<script>\nimport '../../core/lab/lab.ts'</script>` })
      .length,
    1,
  );
  assert.match(
    problems({
      'renderer/ui/A.svelte': `<p>\n<script>\nimport '../../core/lab/lab.ts'</script>`,
    })[0]!,
    /^renderer\/ui\/A\.svelte:3:/,
  );
  assert.equal(problems({ 'core/search/asha.ts': `import './sampler.ts';` }).length, 1);
  assert.equal(problems({ 'core/engine/e.ts': `import '../../build/setup.js';` }).length, 1);
});

test('packages have owners', () => {
  for (const [path, name] of [
    ['core/lab/lab.ts', 'better-sqlite3'],
    ['core/train/loop.ts', '@tensorflow/tfjs'],
    ['core/lab/lab.ts', 'electron'],
    ['core/lab/lab.ts', 'svelte/store'],
  ] as const)
    assert.match(
      problems({ [path]: `import x from '${name}';` })[0] ?? '',
      /only .* may import/,
      name,
    );
});

test('code for the browser imports no Node module, directly or indirectly; types do not count', () => {
  const found = problems({
    'renderer/main.ts': `import { channel } from '../core/connection/channel.ts'; import type { Lab } from '../core/lab/api.ts';`,
    'core/connection/channel.ts': `import { EventEmitter } from 'events';`,
    'core/lab/api.ts': `import { join } from 'node:path';`,
    'core/models/models.ts': `\nimport { readFileSync } from 'node:fs';`,
    'renderer/vite.config.ts': `import { join } from 'node:path';`,
  });
  assert.deepEqual(found.sort(), [
    'core/connection/channel.ts:1: runs in a browser, so it may not import events',
    'core/models/models.ts:2: runs in a browser, so it may not import node:fs',
  ]);
});

test('a folder without directions is reported', () => {
  assert.match(
    problems({ 'core/misc/a.ts': `import '../base/errors.ts';` })[0] ?? '',
    /no import directions are known/,
  );
});

test('a view imports features, and no other view', () => {
  const line = (to: string): string => `<script>import X from '${to}';</script>`;
  assert.deepEqual(
    problems({
      'renderer/views/a/A.svelte': line('../../features/x/X.svelte') + line('./Own.svelte'),
    }),
    [],
  );
  assert.match(
    problems({ 'renderer/views/a/A.svelte': line('../b/B.svelte') })[0] ?? '',
    /a view may not import another one/,
  );
  assert.match(
    problems({ 'renderer/features/x/X.svelte': line('../../views/b/B.svelte') })[0] ?? '',
    /renderer\/features may not import/,
  );
});

test('import circles are reported, also those of types', () => {
  assert.deepEqual(
    problems({
      'core/graph/a.ts': `import type { B } from './b.ts';`,
      'core/graph/b.ts': `import './c.ts';`,
      'core/graph/c.ts': `export * from './a.ts';`,
      'core/graph/d.ts': `import './a.ts';`,
    }),
    ['import circle: core/graph/a.ts -> core/graph/b.ts -> core/graph/c.ts -> core/graph/a.ts'],
  );
});
