// npm run sentences: prints every sentence that a person can see (messages, labels, usage and log
// texts, texts of the page) with its file and line. Runs under the pinned Node.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'svelte/compiler';
import ts from 'typescript';
import { helpIfAsked } from './help.js';

/** @typedef {{ line: number, text: string }} Sentence   `{…}` stands for an expression in `text` */
/** @typedef {import('svelte/compiler').AST.SvelteNode} SvelteNode */

/** Properties and attributes of one word that a person sees. */
const labels = new Set(
  (
    'title aria-label ariaLabel placeholder alt label name message next text words help summary ' +
    'detail hint note caption heading unit'
  ).split(' '),
);
/** Attributes of markup that a person sees or hears. */
const visible = new Set(['title', 'aria-label', 'placeholder', 'alt', 'label', 'summary']);
/** Elements inside a sentence: their text belongs to the text around them. */
const inline = new Set('a abbr b code em i kbd small span strong sub sup var'.split(' '));

const sql = new RegExp(
  '^\\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA|BEGIN|COMMIT|ROLLBACK|ATTACH|DETACH|WITH|ALTER' +
    '|DROP|VACUUM|ANALYZE|SAVEPOINT|RELEASE|FROM|WHERE|AND|OR|ORDER|LIMIT|JOIN|ON CONFLICT)\\b',
);

/** Styles, drawings, selectors, addresses and texts with control characters. */
const notEnglish = /[;{]\s*$|^\s*<|sans-serif|[a-z]="|^\w+\(|^\(\w|^\.\w|^#\/|\[\w+[=\]]/u;

/**
 * The sentences of one source file in the order of its lines.
 * @param {string} path a file name ending in `.ts`, `.js` or `.svelte`
 * @param {string} code the text of the file
 * @returns {Sentence[]}
 */
export function sentencesOf(path, code) {
  const found = path.endsWith('.svelte') ? sentencesOfComponent(code) : sentencesOfScript(code, 1);
  const seen = new Set();
  return found
    .filter(({ line, text }) => !seen.has(`${line} ${text}`) && seen.add(`${line} ${text}`))
    .sort((a, b) => a.line - b.line);
}

/** @param {string} code @param {number} firstLine the line on which `code` starts in its file */
function sentencesOfScript(code, firstLine) {
  const source = ts.createSourceFile('script.ts', code, ts.ScriptTarget.Latest, true);
  const found = /** @type {Sentence[]} */ ([]);
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (isHidden(node)) return;
    const text = textOf(node);
    if (text === undefined) {
      ts.forEachChild(node, visit);
      return;
    }
    if (isSentence(text) || (isLabel(node) && isWord(text)))
      found.push({
        line: firstLine + source.getLineAndCharacterOfPosition(node.getStart()).line,
        text: oneLine(text),
      });
    expressionsOf(node).forEach(visit);
  };
  visit(source);
  return found;
}

/** Types, imports and tagged templates hold no text for people. @param {ts.Node} node */
const isHidden = (node) =>
  ts.isTypeNode(node) ||
  ts.isImportDeclaration(node) ||
  ts.isExportDeclaration(node) ||
  ts.isTaggedTemplateExpression(node);

/** The text of a string, a template or a sum of them. @param {ts.Node} node @returns {string | undefined} */
function textOf(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map(({ literal }) => `{…}${literal.text}`).join('');
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [textOf(node.left), textOf(node.right)];
    if (left !== undefined || right !== undefined) return (left ?? '{…}') + (right ?? '{…}');
  }
  return undefined;
}

/** The expressions inside a text, which may hold texts themselves. @param {ts.Node} node @returns {ts.Node[]} */
function expressionsOf(node) {
  if (ts.isTemplateExpression(node)) return node.templateSpans.map(({ expression }) => expression);
  if (ts.isBinaryExpression(node))
    return [node.left, node.right].flatMap((side) =>
      textOf(side) === undefined ? [side] : expressionsOf(side),
    );
  return [];
}

/** Two words or more that are not SQL, a style or a drawing. @param {string} text */
const isSentence = (text) =>
  /\p{L}{2}\S*\s+\S*\p{L}/u.test(text.replaceAll('{…}', 'expression')) &&
  /\p{L}{3}/u.test(text.replaceAll('{…}', '')) &&
  !sql.test(text) &&
  !notEnglish.test(text) &&
  !/\p{Cc}/u.test(text.replace(/\s/g, ''));

/** A label of one word, and not the name of a file or a variable. @param {string} text */
const isWord = (text) =>
  /\p{L}{2}/u.test(text) && !/^\S*[/_.=]\S*$/.test(text) && !notEnglish.test(text);

/** The value of a property such as `label`. @param {ts.Node} node */
const isLabel = ({ parent }) =>
  ts.isPropertyAssignment(parent) && labels.has(parent.name.getText().replaceAll("'", ''));

/** @param {string} code the whole component */
function sentencesOfComponent(code) {
  const { fragment, instance, module } = parse(code, { modern: true });
  const found = /** @type {Sentence[]} */ ([]);
  const lineAt = (/** @type {number} */ offset) => code.slice(0, offset).split('\n').length;
  const addScript = (/** @type {{ start: number, end: number }} */ { start, end }) =>
    found.push(...sentencesOfScript(`(${code.slice(start, end)})`, lineAt(start)));
  for (const script of [module, instance])
    if (script) {
      const content = /** @type {{ start: number, end: number }} */ (
        /** @type {unknown} */ (script.content)
      );
      found.push(
        ...sentencesOfScript(code.slice(content.start, content.end), lineAt(content.start)),
      );
    }
  visitMarkup(fragment, { lineAt, addScript, add: (line, text) => found.push({ line, text }) });
  return found;
}

/**
 * @typedef {object} Markup
 * @property {(offset: number) => number} lineAt
 * @property {(range: { start: number, end: number }) => void} addScript
 * @property {(line: number, text: string) => void} add
 */

/** @param {any} node a node of Svelte's syntax tree @param {Markup} markup */
function visitMarkup(node, markup) {
  if (Array.isArray(node?.nodes)) addTexts(node.nodes, markup);
  if (node?.type === 'Attribute' && visible.has(node.name)) {
    const text = oneLine(markupText([node.value].flat()));
    if (/\p{L}{2}/u.test(text.replaceAll('{…}', ''))) markup.add(markup.lineAt(node.start), text);
  }
  if (isExpression(node)) return void markup.addScript(node);
  for (const child of Object.values(node ?? {}))
    if (typeof child === 'object') visitMarkup(child, markup);
}

/** Expressions of JavaScript have types such as `CallExpression`. @param {any} node */
const isExpression = (node) =>
  /(Expression|Literal)$/.test(node?.type ?? '') && typeof node.start === 'number';

/** Adds every run of text between blocks and block elements. @param {any[]} nodes @param {Markup} markup */
function addTexts(nodes, { add, lineAt }) {
  let run = /** @type {any[]} */ ([]);
  const flush = () => {
    const text = oneLine(markupText(run));
    const first = run.find((node) => node.type !== 'Text' || node.data.trim() !== '');
    const indent = (first?.data ?? '').length - (first?.data ?? '').trimStart().length;
    if (/\p{L}{2}/u.test(text.replaceAll('{…}', ''))) add(lineAt(first.start + indent), text);
    run = [];
  };
  for (const node of nodes)
    if (isInline(node)) run.push(node);
    else flush();
  flush();
}

/** @param {any} node */
const isInline = (node) =>
  node.type === 'Text' ||
  node.type === 'ExpressionTag' ||
  (inline.has(node.name) && node.fragment.nodes.every(isInline));

/** @param {any[]} nodes @returns {string} */
const markupText = (nodes) =>
  nodes
    .map((node) => {
      if (node.type === 'Text') return node.data;
      return node.fragment ? markupText(node.fragment.nodes) : '{…}';
    })
    .join('');

/** @param {string} text */
const oneLine = (text) => text.replace(/\s+/g, ' ').trim();

/** Every sentence of the product, one a line: `file:line: sentence`. @param {string} root */
function listing(root) {
  const paths = globSync('{core,electron,renderer,build}/**/*.{ts,js,svelte}', { cwd: root });
  return paths
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .flatMap((path) =>
      sentencesOf(path, readFileSync(join(root, path), 'utf8')).map(
        ({ line, text }) => `${path}:${line}: ${text}`,
      ),
    );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  helpIfAsked(`npm run sentences

Prints every sentence that a person can see (messages, labels, usage and log texts, texts of the
page), as FILE:LINE: SENTENCE.`);
  console.log(listing(join(dirname(fileURLToPath(import.meta.url)), '..')).join('\n'));
}
