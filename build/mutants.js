// Small changes of a TypeScript source that a test should notice. Used by build/mutations.js.
import ts from 'typescript';

/** @typedef {{ start: number, end: number, text: string, what: string }} Mutant
 *   `text` replaces the source from `start` to `end`
 */

const { SyntaxKind } = ts;

/** Operators by the one that replaces them. */
const swapped = new Map([
  [SyntaxKind.PlusToken, '-'],
  [SyntaxKind.MinusToken, '+'],
  [SyntaxKind.AsteriskToken, '/'],
  [SyntaxKind.SlashToken, '*'],
  [SyntaxKind.LessThanToken, '<='],
  [SyntaxKind.LessThanEqualsToken, '<'],
  [SyntaxKind.GreaterThanToken, '>='],
  [SyntaxKind.GreaterThanEqualsToken, '>'],
  [SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [SyntaxKind.AmpersandAmpersandToken, '||'],
  [SyntaxKind.BarBarToken, '&&'],
  [SyntaxKind.PlusEqualsToken, '-='],
  [SyntaxKind.MinusEqualsToken, '+='],
]);

/**
 * Returns all mutants of a source: other operators and constants, negated conditions, removed
 * statements. Texts that people read stay, and so does what only types know.
 *
 * @param {string} name
 * @param {string} source
 * @returns {Mutant[]}
 */
export function mutantsOf(name, source) {
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true);
  /** @type {Mutant[]} */
  const found = [];
  /** @param {ts.Node} node @param {string} text @param {string} what */
  const add = (node, text, what) => {
    const [start, end] = [node.getStart(file), node.getEnd()];
    found.push({ start, end, text, what: `${what}: ${shortened(source.slice(start, end))}` });
  };
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || isTypeOnly(node)) return;
    if (ts.isBinaryExpression(node)) {
      const other = swapped.get(node.operatorToken.kind);
      if (other !== undefined && !isText(node.left) && !isText(node.right))
        add(node.operatorToken, other, `"${other}" for`);
    } else if (ts.isNumericLiteral(node)) add(node, `(${node.text} + 1)`, 'one more than');
    else if (node.kind === SyntaxKind.TrueKeyword) add(node, 'false', 'false for');
    else if (node.kind === SyntaxKind.FalseKeyword) add(node, 'true', 'true for');
    else if (ts.isIfStatement(node)) negate(node.expression);
    else if (ts.isConditionalExpression(node)) negate(node.condition);
    else if (ts.isExpressionStatement(node)) add(node, ';', 'removed');
    ts.forEachChild(node, visit);
  };
  /** @param {ts.Expression} condition */
  const negate = (condition) => {
    add(condition, `!(${condition.getText(file)})`, 'negated');
  };
  visit(file);
  return found;
}

/** @param {ts.Node} node */
const isTypeOnly = (node) => ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);

/**
 * @param {ts.Node} node a part of a sum: sums of texts have no other operator
 * @returns {boolean}
 */
const isText = (node) =>
  ts.isStringLiteralLike(node) ||
  ts.isTemplateExpression(node) ||
  (ts.isBinaryExpression(node) && (isText(node.left) || isText(node.right)));

/** @param {string} text */
const shortened = (text) => {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
};
