import { LabError } from '../base/errors.ts';
import { canonicalGraph, graphKey } from '../graph/canonical.ts';
import { checkGraph, type Problem } from '../graph/check.ts';
import { describeGraph } from '../graph/describe.ts';
import { toDot } from '../graph/dot.ts';
import { toJson } from '../graph/json.ts';
import { toText } from '../graph/text.ts';
import { type Command, Exit } from './command.ts';
import { graphFrom } from './graph-argument.ts';
import { line } from './report.ts';
import { choiceOf, textOf } from './values.ts';

const verbs = ['check', 'show', 'canonical'] as const;
const forms = ['text', 'json', 'dot'] as const;

export const command: Command = {
  forms: [
    ['graph check GRAPH', 'lists its problems; exit status 1 when it cannot be trained'],
    ['graph show GRAPH', 'describes which network teaches which'],
    ['graph canonical GRAPH', 'prints the form and key that all equal graphs share'],
  ],
  arguments: {
    GRAPH:
      'a file (JSON, text, SVG, PNG, DOT), a text form such as resnet8=TT,resnet8=TT, ' +
      'or a template',
  },
  options: {
    nodes: { type: 'string', value: 'A,B,...', help: "architectures of a template's nodes" },
    as: { type: 'string', value: 'FORM', help: 'print the graph as text, json or dot instead' },
  },
  words: 2,
  run(values, [verb, argument]) {
    if (!verbs.includes(verb as (typeof verbs)[number]) || argument === undefined) {
      throw new LabError('arguments.missing/graph', { verbs: verbs.join(', ') });
    }
    const given = graphFrom(argument, textOf(values, 'nodes'), []);
    const graph = verb === 'canonical' ? canonicalGraph(given) : given;
    const form = values.as === undefined ? undefined : choiceOf(values, 'as', forms, 'text');
    if (form === 'json') line(toJson(graph));
    else if (form === 'dot') line(toDot(graph));
    else if (form === 'text') line(toText(graph));
    if (verb === 'check') return Promise.resolve(reportProblems(checkGraph(graph, 'train')));
    if (form === undefined)
      line(
        verb === 'show'
          ? `${toText(graph)}\n${describeGraph(graph)}`
          : `${toJson(graph)}\nkey: ${graphKey(given)}`,
      );
    if (verb === 'show') reportProblems(checkGraph(graph));
    return Promise.resolve(Exit.done);
  },
};

function reportProblems(problems: readonly Problem[]): number {
  for (const { severity, message, next } of problems)
    line(`${severity}: ${message}${next === '' ? '' : ` ${next}`}`);
  if (problems.length === 0) line('The graph is sound.');
  return problems.some(({ severity }) => severity === 'error') ? Exit.failed : Exit.done;
}
