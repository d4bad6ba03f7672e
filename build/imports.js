// Import directions: the folders that each folder may import. Part of npm run check.
import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/**
 * Every folder with its permitted imports besides itself. A folder that is missing here is an
 * error.
 */
const records = [
  ...['core/base', 'core/gates', 'core/kinds', 'core/models', 'core/data', 'core/graph'],
  'core/study',
];

/** Parts of core that the page may import: none of these files needs Node. */
const page = [
  ...['core/base', 'core/gates', 'core/kinds', 'core/models', 'core/graph', 'core/study'],
  'core/lab/api.ts',
  ...['renderer/routes.ts', 'renderer/run-name.ts', 'core/analysis'],
  ...['core/search/samplers', 'core/search/rules'],
];
const parts = ['renderer/client', 'renderer/ui', 'renderer/words', 'renderer/charts'];

/** Samplers and stopping rules: pure, with the words and form fields of each kind. */
const methods = ['core/search/samplers', 'core/search/rules'];

const directions = {
  'core/base': [],
  'core/gates': ['core/base'],
  'core/kinds': ['core/base'],
  'core/models': ['core/base'],
  'core/data': ['core/base'],
  'core/graph': ['core/base', 'core/gates', 'core/kinds', 'core/models'],
  // Samplers and rules are pure: records of a study and forms of the page derive from their lists.
  'core/search/asha.ts': [], // a pure rule, usable outside this project
  'core/search/samplers': ['core/base', 'core/graph'],
  'core/search/rules': ['core/base', 'core/search/asha.ts'],
  'core/study': [
    ...['core/base', 'core/gates', 'core/kinds', 'core/models', 'core/data', 'core/graph'],
    ...methods,
  ],
  'core/install': ['core/base'],
  'core/devices': ['core/base', 'core/data', 'core/study', 'core/install'],
  'core/engine': [...records, 'core/install', 'core/devices'],
  'core/train': [...records, 'core/engine'],
  'core/store': [
    'core/base',
    'core/gates',
    'core/kinds',
    'core/models',
    'core/graph',
    'core/study',
  ],
  'core/analysis': [], // pure functions over plain tables
  'core/search': [
    ...[...records, ...methods, 'core/devices', 'core/store'],
    ...['core/analysis', 'core/search/asha.ts'],
  ],
  'core/workers': [
    ...[...records, 'core/install', 'core/devices', 'core/engine', 'core/train', 'core/search'],
  ],
  'core/machines': [
    ...[...records, 'core/install', 'core/devices', 'core/search', 'core/workers'],
    'core/train/environment.ts', // the versions that an agent tells
    'core/store', // the records of machines
  ],
  'core/lab': [
    ...records,
    'core/machines',
    'core/install',
    'core/devices',
    'core/store',
    'core/search',
    'core/workers',
    'core/analysis',
    // Weights that cross the lab's border: pure functions on streams.
    ...['core/train/safetensors.ts', 'core/train/weights.ts'],
  ],
  'core/connection': ['core/base', 'core/data', 'core/store', 'core/lab'],
  'core/host': ['core'],
  'core/commands': ['core'],
  'core/cli.ts': ['core'],
  // The menu lists the pages of the app.
  electron: ['core/base', 'core/lab', 'core/connection', 'core/host', 'renderer/routes.ts'],
  'renderer/run-name.ts': [...page],
  'renderer/routes.ts': [...page],
  'renderer/client': [
    ...page,
    'core/connection/channel.ts',
    'core/connection/port.ts',
    'core/connection/browser-session.ts',
  ],
  'renderer/ui': [...page, 'renderer/client'],
  'renderer/words': [...page, 'renderer/client', 'renderer/ui'],
  'renderer/charts': [...page, 'renderer/client', 'renderer/ui', 'renderer/words'],
  'renderer/features': [...page, ...parts],
  'renderer/views': [...page, ...parts, 'renderer/features'],
  'renderer/app': [...page, ...parts, 'renderer/features', 'renderer/views'],
  'renderer/main.ts': ['core', 'renderer'],
  'renderer/vite.config.ts': [],
  build: ['core'],
  test: ['core', 'electron', 'renderer', 'build'],
};

/** Packages with the only folders that may import them. */
const owners = {
  'better-sqlite3': ['core/store'],
  '@tensorflow': ['core/engine'],
  '@nats-io': ['core/machines'],
  electron: ['electron'],
  svelte: ['renderer'],
};

/** Folders for the browser: neither they nor their imports may use Node modules. */
const browser = [
  ...['core/gates', 'core/kinds', 'core/models', 'core/graph', 'core/study'],
  ...['core/analysis', 'renderer'],
  ...methods,
];

/** @typedef {{ from: string, to: string, line: number, typeOnly: boolean }} Import   paths relative to the checkout */

/**
 * Returns all problems of the imports of some sources.
 * @param {Map<string, string>} sources text by path, with `/`, relative to the checkout
 * @returns {string[]} one sentence each: `file:line: problem`
 */
export function importProblems(sources) {
  const imports = [...sources].flatMap(([path, text]) => importsOf(path, text));
  return [
    ...imports.flatMap(
      (found) => directionProblem(found) ?? siblingProblem(found) ?? ownerProblem(found) ?? [],
    ),
    ...browserProblems(imports, sources),
    ...cycleProblems(imports),
  ];
}

/**
 * Returns the most specific of `places` that contains `path`.
 * @param {string[]} places
 * @param {string} path
 */
const placeOf = (places, path) =>
  places
    .filter((place) => path === place || path.startsWith(`${place}/`))
    .sort((a, b) => b.length - a.length)[0];

/** @param {Import} found @returns {string | undefined} */
function directionProblem({ from, to, line }) {
  if (!isOurs(to)) return undefined;
  const places = Object.keys(directions);
  const source = placeOf(places, from);
  if (source === undefined)
    return `${from}: no import directions are known for this folder (build/imports.js)`;
  if (placeOf(places, to) === source && !source.endsWith('.ts')) return undefined;
  const allowed = directions[/** @type {keyof typeof directions} */ (source)];
  if (placeOf(allowed, to)) return undefined;
  return `${from}:${line}: ${source} may not import ${to} (only ${allowed.join(', ') || 'nothing of ours'})`;
}

/** Views never import each other: their shared code is a feature. @param {Import} found */
function siblingProblem({ from, to, line }) {
  const view = (/** @type {string} */ path) => /^renderer\/views\/([^/]+)\//.exec(path)?.[1];
  if (!view(from) || !view(to) || view(from) === view(to)) return undefined;
  return `${from}:${line}: a view may not import another one (${to})`;
}

/** Finds import circles among our files, types included. @param {Import[]} imports */
function cycleProblems(imports) {
  const targets = /** @type {Map<string, string[]>} */ (new Map());
  for (const { from, to } of imports)
    if (isOurs(to) && !from.startsWith('test/') && from !== to)
      targets.set(from, [...(targets.get(from) ?? []), to]);
  const problems = /** @type {string[]} */ ([]);
  const state = /** @type {Map<string, 'open' | 'done'>} */ (new Map());
  /** @param {string} file @param {string[]} path */
  const visit = (file, path) => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      problems.push(`import circle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`);
      return;
    }
    state.set(file, 'open');
    for (const to of targets.get(file) ?? []) visit(to, [...path, file]);
    state.set(file, 'done');
  };
  for (const file of targets.keys()) visit(file, []);
  return problems;
}

/** @param {Import} found @returns {string | undefined} */
function ownerProblem({ from, to, line }) {
  if (isOurs(to) || /^(test|build)\//.test(from)) return undefined;
  for (const [name, places] of Object.entries(owners))
    if ((to === name || to.startsWith(`${name}/`)) && !placeOf(places, from))
      return `${from}:${line}: only ${places.join(', ')} may import ${name}`;
  return undefined;
}

/** @param {Import[]} imports @param {Map<string, string>} sources @returns {string[]} */
function browserProblems(imports, sources) {
  const runs = imports.filter((found) => !found.typeOnly); // type imports do not reach the browser
  const waiting = [...sources.keys()].filter(
    (path) => placeOf(browser, path) && !isConfiguration(path),
  );
  const reached = new Set(waiting);
  const problems = [];
  for (let path = waiting.pop(); path; path = waiting.pop())
    for (const { to, line } of runs.filter(({ from }) => from === path)) {
      if (to.startsWith('node:') || builtinModules.includes(to))
        problems.push(`${path}:${line}: runs in a browser, so it may not import ${to}`);
      if (isOurs(to) && !reached.has(to)) {
        reached.add(to);
        waiting.push(to);
      }
    }
  return problems;
}

/** @param {string} path e.g. `renderer/vite.config.ts`, which runs in Node */
const isConfiguration = (path) => /\.config\.[jt]s$/.test(path);

/** @param {string} to */
const isOurs = (to) => /^(core|electron|renderer|build|test)\//.test(to);

/** @param {string} path @param {string} text @returns {Import[]} */
function importsOf(path, text) {
  const code = path.endsWith('.svelte') ? scriptsOf(text) : text;
  const source = ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true);
  const found = /** @type {Import[]} */ ([]);
  /** @param {ts.Node} at @param {ts.Expression | undefined} name @param {boolean} typeOnly */
  const add = (at, name, typeOnly) => {
    if (!name || !ts.isStringLiteralLike(name)) return;
    const line = source.getLineAndCharacterOfPosition(at.getStart()).line + 1;
    const to = name.text.startsWith('.') ? posix.join(posix.dirname(path), name.text) : name.text;
    found.push({ from: path, to, line, typeOnly });
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, isTypeOnly(node));
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node, /** @type {ts.Expression} */ (node.argument.literal), true);
    else if (
      ts.isCallExpression(node) &&
      /^(import|require(\.resolve)?)$/.test(node.expression.getText())
    )
      add(node, node.arguments[0], false);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** True for `import type ...`, or only type names. @param {ts.ImportDeclaration} node */
function isTypeOnly({ importClause }) {
  if (!importClause) return false;
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const { name, namedBindings } = importClause;
  return (
    !name &&
    namedBindings !== undefined &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.length > 0 &&
    namedBindings.elements.every((element) => element.isTypeOnly)
  );
}

/**
 * Returns the scripts of a component on their own lines; all other text is blank.
 * @param {string} text
 */
function scriptsOf(text) {
  const blank = (/** @type {string} */ other) => other.replace(/[^\n]/g, '');
  let code = '';
  let end = 0;
  for (const match of text.matchAll(/(<script\b[^>]*>)([\s\S]*?)<\/script>/g)) {
    const start = match.index + (match[1] ?? '').length;
    code += blank(text.slice(end, start)) + match[2];
    end = start + (match[2] ?? '').length;
  }
  return code;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  const paths = globSync('{core,electron,renderer,build,test}/**/*.{ts,js,svelte}', { cwd: root });
  const sources = new Map(
    paths.map((path) => [
      relative('.', path).replaceAll('\\', '/'),
      readFileSync(join(root, path), 'utf8'),
    ]),
  );
  const problems = importProblems(sources);
  for (const problem of problems.sort()) console.log(problem);
  process.exit(problems.length === 0 ? 0 : 1);
}
