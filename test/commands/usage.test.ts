import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Command } from '../../core/commands/command.ts';
import { jsonOption, usageOf } from '../../core/commands/usage.ts';
import { templates } from '../../core/graph/templates.ts';

const folder = new URL('../../core/commands/', import.meta.url);

async function commands(): Promise<[string, Command][]> {
  const found: [string, Command][] = [];
  for (const file of readdirSync(folder)) {
    const { command } = (await import(new URL(file, folder).href)) as { command?: Command };
    if (command) found.push([file.replace('.ts', ''), command]);
  }
  return found;
}

const sample: Command = {
  forms: [
    ['sample FILE', 'reads a file'],
    ['sample', 'reads standard input'],
  ],
  arguments: { FILE: 'a file' },
  options: {
    count: { type: 'string', value: 'N', help: `${'how many '.repeat(11)}times` },
    json: jsonOption('{"count":...}'),
  },
  note: 'A note.',
  words: 1,
  run: async () => Promise.resolve(0),
};

describe('usage text', () => {
  test('every command fits into 80 and into 60 columns', async () => {
    for (const columns of [80, 60])
      for (const [name, command] of await commands())
        for (const text of usageOf(command, columns).split('\n'))
          assert.ok(
            text.length <= columns || !text.trim().includes(' '),
            `ktg ${name}, ${columns} columns: ${text}`,
          );
  });

  test('aligns forms, arguments and options, and wraps at 100 columns', () => {
    assert.deepEqual(usageOf(sample).split('\n'), [
      'ktg sample FILE   reads a file',
      'ktg sample        reads standard input',
      '',
      '  FILE              a file',
      `  --count N         ${'how many '.repeat(8)}how many`.slice(0, 100).trimEnd(),
      `                    ${'how many '.repeat(2)}times`,
      '  --json            for programs: JSON instead of text',
      '                    {"count":...}',
      '',
      'A note.',
    ]);
  });

  test('of every command names each option and argument in lines of at most 100 columns', async () => {
    const all = await commands();
    assert.ok(all.length >= 20);
    for (const [verb, command] of all) {
      const usage = usageOf(command);
      assert.ok(usage.startsWith(`ktg ${verb}`), verb);
      const named = usage.replaceAll('\n                    ', ' '); // meanings below long names
      for (const [name, { value }] of Object.entries(command.options))
        assert.ok(named.includes(`\n  --${name}${value ? ` ${value}` : ''} `), `${verb} --${name}`);
      for (const name of Object.keys(command.arguments ?? {}))
        assert.ok(named.includes(`\n  ${name} `), `${verb} ${name}`);
      for (const line of usage.split('\n')) assert.ok(line.length <= 100, `${verb}: ${line}`);
    }
  });
});

test('the help of train names every template', async () => {
  const { command } = (await import('../../core/commands/train.ts')) as { command: Command };
  const words = usageOf(command).split(/[\s,]+/);
  for (const { name } of templates) assert.ok(words.includes(name), name);
});
