/** A graph from a file that a person chose or dropped, read in the page. */
import { fromFile, requireGraphSize } from '../../core/graph/file.ts';
import type { Graph } from '../../core/graph/graph.ts';
import { contentOf } from './file-content.ts';

/**
 * Reads at most 2 MiB, without a worker: every reader takes time in proportion to the size, and
 * the slowest file of 2 MiB takes less than a second.
 *
 * @throws LabError `graph.too-large`, `files.unreadable`, and those of `fromFile`
 */
export async function graphIn(file: File): Promise<Graph> {
  requireGraphSize(file.size, file.name);
  return fromFile(await contentOf(file, file.name));
}
