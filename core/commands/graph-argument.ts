import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { LabError, messageOf } from '../base/errors.ts';
import { withNode } from '../graph/edit.ts';
import { fromFile, requireGraphSize } from '../graph/file.ts';
import { type Graph, isFrozen, nodeNumbers, nodeOf } from '../graph/graph.ts';
import { isTemplateName, template, templates } from '../graph/templates.ts';
import { fromText } from '../graph/text.ts';
import { architecture } from '../models/architecture.ts';
import { asWrongArguments } from './command.ts';

/** Default architectures of a template's nodes: small ones for a quick look. */
const QUICK_NODES = ['resnet8', 'resnet8', 'resnet8'];

/**
 * Returns the graph of an argument: a template (with `--nodes`), a file, or the one-line text form.
 * Frozen nodes without a checkpoint get one from `teachers`: `FILE` for all of them or `NODE=FILE`,
 * as absolute paths, because a run may continue from another folder.
 *
 * @throws WrongArguments for anything else
 */
export function graphFrom(
  argument: string,
  nodes: string | undefined,
  teachers: readonly string[],
): Graph {
  try {
    return withTeachers(baseGraph(argument, nodes), teachers);
  } catch (error) {
    throw asWrongArguments(error);
  }
}

function baseGraph(argument: string, nodes: string | undefined): Graph {
  if (isTemplateName(argument)) {
    const models = nodes?.split(/[,+]/).map((name) => architecture(name).name) ?? QUICK_NODES;
    return template(argument, models);
  }
  if (nodes !== undefined) {
    throw new LabError('arguments.nodes-without-template', {
      argument: argument.slice(0, 60),
      templates: templates.map(({ name }) => name).join(', '),
    });
  }
  if (existsSync(argument)) return readGraph(argument);
  if (argument.includes('=')) return fromText(argument);
  throw new LabError('arguments.unknown-graph', {
    argument: argument.slice(0, 200),
    templates: templates.map(({ name }) => name).join(', '),
  });
}

/** Reads a graph file. @throws LabError `graph.unreadable`, and those of its content */
function readGraph(path: string): Graph {
  let bytes: Buffer;
  try {
    requireGraphSize(statSync(path).size, path);
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError('graph.unreadable', { path, reason: messageOf(error) });
  }
  return fromFile(bytes);
}

function withTeachers(graph: Graph, teachers: readonly string[]): Graph {
  let result = graph;
  for (const teacher of teachers) {
    const named = /^(\d+)=(.+)$/.exec(teacher);
    const wanted = named
      ? [Number(named[1])]
      : nodeNumbers(graph).filter(
          (node) => isFrozen(graph, node) && nodeOf(graph, node).checkpoint === undefined,
        );
    for (const node of wanted) {
      if (node < 1 || node > graph.nodes.length || !isFrozen(graph, node)) {
        throw new LabError('arguments.teacher', { teacher, node });
      }
      result = withNode(result, node, {
        ...nodeOf(result, node),
        checkpoint: resolve(named ? named[2]! : teacher),
      });
    }
  }
  return result;
}
