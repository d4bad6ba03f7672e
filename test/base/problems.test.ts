import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import ts from 'typescript';
import * as v from 'valibot';
import { type Action, type Step, actionSchema, stepsSchema } from '../../core/base/actions.ts';
import { commandPhrases, nextOf } from '../../core/base/command-words.ts';
import { LabError, problem, problemOf } from '../../core/base/errors.ts';
import { stepsOf } from '../../core/base/problem.ts';
import { codeOf, problems } from '../../core/base/problems.ts';
import { actionText, stepsText as dialogText } from '../../electron/actions.ts';
import { stepWords, stepsText as pageText } from '../../renderer/ui/actions.ts';

const keys = Object.keys(problems);
const codes = new Set(Object.keys(problems).map((key) => key.split('/')[0]!));
/** Commands, options and buttons: a text step must hold on every face. */
const ofOneFace = /\bktg |(?<![\w-])--[a-z]|npm run|\bpress\b|[“”]/i;

/** Any param of a next step. */
const anyParams = new Proxy({}, { get: () => 'x' });
/** Any param of a message: a list of one text, which reads as that text. */
const anyTexts = new Proxy({}, { get: () => ['x'] });
const stepsOfKey = (key: string): readonly Step[] => {
  const { next } = problems[key as keyof typeof problems] as { next: (p: object) => Step[] };
  return [...next(anyParams)];
};
const messageOfKey = (key: string): string => {
  const { message } = problems[key as keyof typeof problems] as { message: (p: object) => string };
  return message(anyTexts);
};

/** One action of every kind, with a text for each of its values. */
const everyAction = actionSchema.options.map(({ entries }) =>
  Object.fromEntries(
    Object.entries(entries).map(([name, entry]) => [
      name,
      name === 'do' ? (entry as { literal: string }).literal : name === 'variant' ? 'gpu' : 'x',
    ]),
  ),
) as unknown as Action[];

/** Literals of the sources that look like a problem's key, without those that are compared. */
function keysInSources(): { made: Set<string>; first: Set<string> } {
  const made = new Set<string>();
  const first = new Set<string>();
  const files = globSync('{core,electron,renderer}/**/*.{ts,svelte}').filter(
    (file) => !file.replaceAll('\\', '/').startsWith('core/base/problems'),
  );
  for (const file of files) {
    const source = ts.createSourceFile(
      file,
      readFileSync(file, 'utf8'),
      ts.ScriptTarget.Latest,
      true,
    );
    const visit = (node: ts.Node): void => {
      if (ts.isStringLiteral(node) && !ts.isBinaryExpression(node.parent)) made.add(node.text);
      if (ts.isTemplateHead(node)) made.add(`${node.text}*`);
      const called = ts.isNewExpression(node) ? node : ts.isCallExpression(node) ? node : null;
      const name = called?.expression.getText() ?? '';
      const [argument] = called?.arguments ?? [];
      if (/^(LabError|problem)$/.test(name) && argument && ts.isStringLiteral(argument))
        first.add(argument.text);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return { made, first };
}

void describe('the catalogue of problems', () => {
  void test('has every problem that the sources make, and no other', () => {
    const { made, first } = keysInSources();
    assert.ok(first.size > 150, `${first.size}`);
    assert.deepEqual(
      [...first].filter((key) => !keys.includes(key)),
      [],
    );
    const isMade = (key: string): boolean =>
      made.has(key) || (key.startsWith('store.unknown-') && made.has('store.unknown-*'));
    assert.deepEqual(
      keys.filter((key) => !isMade(key)),
      [],
    );
  });

  void test('has dotted codes in lower case, and a message for each', () => {
    for (const key of keys) {
      assert.match(key, /^[a-z]+\.[a-z0-9-]+(\/[a-z0-9-]+)?$/);
      assert.ok(messageOfKey(key).length > 0, key);
    }
    assert.equal(codeOf('store.cannot-open/no-folder'), 'store.cannot-open');
    assert.ok(codes.has('store.cannot-open'));
  });

  void test('has text steps that hold on every face', () => {
    const texts = keys.flatMap((key) =>
      stepsOfKey(key).flatMap((step) => (typeof step === 'string' ? [`${key}: ${step}`] : [])),
    );
    assert.ok(texts.length > 150, `${texts.length}`);
    assert.deepEqual(
      texts.filter((text) => ofOneFace.test(text)),
      [],
    );
  });

  void test('offers only actions that are known, and every kind of action somewhere', () => {
    const actions = keys.flatMap((key) =>
      stepsOfKey(key).filter((step) => typeof step !== 'string'),
    );
    for (const action of actions) assert.ok(v.is(actionSchema, action), JSON.stringify(action));
    /** These are made where their values are known, not in the catalogue. */
    const elsewhere = ['use-processor', 'fetch-data'];
    assert.deepEqual(
      everyAction.map((action) => action.do).filter((kind) => !actions.some((a) => a.do === kind)),
      elsewhere,
    );
  });
});

void describe('actions', () => {
  void test('are phrased by every face', () => {
    assert.ok(everyAction.length > 20);
    assert.equal(Object.keys(commandPhrases).length, everyAction.length);
    for (const action of everyAction)
      for (const text of [nextOf([action]), stepWords(action).text, actionText(action)])
        assert.match(text, /^\S.{5,}$/, action.do);
  });

  void test('are no commands and options in the window and in dialogs', () => {
    /** A page whose lab the command serves: only the command makes a link for it. */
    const ofServedPages = ['open-link', 'serve-again'];
    for (const action of everyAction.filter((each) => !ofServedPages.includes(each.do)))
      for (const text of [stepWords(action).text, actionText(action)])
        assert.doesNotMatch(text, /\bktg |(?<![\w-])--[a-z]|npm run/, action.do);
  });

  void test('lead to their place in the window', () => {
    assert.deepEqual(stepWords({ do: 'install-engine' }), {
      text: 'Press Install in Settings, under Engine.',
      link: { text: 'Open Settings', href: '#/settings' },
    });
    assert.deepEqual(stepWords({ do: 'open-log' }).link?.href, '#/log');
  });
});

void describe('a problem', () => {
  const needed = { needed: '400 MB', home: '/cache', free: '3 MB' };

  void test('says its steps in the words of each face', () => {
    const error = new LabError('engine.no-space/needed', needed);
    assert.equal(error.code, 'engine.no-space');
    assert.equal(error.message, 'TensorFlow needs 400 MB in /cache, and 3 MB are free.');
    assert.equal(
      error.next,
      'Free some space, or point KTG_HOME to a folder on another disk. Run: ktg engine install. Until then the portable engine works, more slowly.',
    );
    const steps = stepsOf(problemOf(error));
    assert.match(pageText(steps), /disk\. Press Install in Settings, under Engine\. Until then/);
    assert.match(dialogText(steps), /disk\. Press Install in the settings, under Engine\. Until/);
  });

  void test('passes through a record unchanged, with its cause beside it', () => {
    const cause = new Error('why');
    const error = new LabError('engine.no-space/full', { home: '/cache' }, { cause });
    assert.equal(error.cause, cause);
    const record = JSON.parse(JSON.stringify(problemOf(error))) as ReturnType<typeof problemOf>;
    assert.deepEqual(record, problem('engine.no-space/full', { home: '/cache' }));
    assert.deepEqual(problemOf(new LabError(record, { cause })), record);
  });

  void test('of an older or a newer version shows its text', () => {
    const old = { code: 'x.y', message: 'Words.', next: 'Run: ktg doctor' };
    assert.deepEqual(stepsOf(old), ['Run: ktg doctor']);
    assert.equal(new LabError(old).steps, undefined);
    assert.deepEqual(stepsOf({ next: '' }), []);
    const newer = [{ do: 'no-such-action' }] as unknown as Step[];
    assert.deepEqual(stepsOf({ next: 'Words of it.', steps: newer }), ['Words of it.']);
    assert.deepEqual(v.parse(stepsSchema, newer), []);
  });

  void test('that nobody expected has a code of its own', () => {
    assert.deepEqual(
      [problemOf('odd').code, problemOf('odd', 'app.unexpected').code, problemOf('odd').message],
      ['lab.unexpected', 'app.unexpected', 'odd'],
    );
  });
});
