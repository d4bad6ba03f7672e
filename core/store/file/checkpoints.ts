import { createHash } from 'node:crypto';
import { type Checkpoint, checkpointSchema } from '../../study/checkpoint.ts';
import type { Eraser } from './eraser.ts';
import type { Portions } from '../portions.ts';
import type { Sqlite } from '../sqlite.ts';
import { damaged, unknown } from '../refusals.ts';
import type { CheckpointStore } from '../store.ts';
import { type Row, readerOf } from './rows.ts';

/** One write to the log of the database: about half a millisecond. */
const PIECE_BYTES = 256 * 1024;
/** What makes no difference to a long log. */
const SMALL_PIECE = 32 * 1024;

/**
 * Checkpoints as rows of pieces. Saved and erased piece by piece, seen only while they are whole.
 */
export function checkpointsIn(
  database: Sqlite,
  portions: Portions,
  eraser: Eraser | null,
): CheckpointStore {
  const get = (id: number): Checkpoint => {
    const row = database.get<Row>(
      `SELECT ${columns} FROM checkpoint WHERE id = ? AND state = 'whole'`,
      id,
    );
    if (!row) throw unknown('checkpoint', id);
    return checkpointOf(row);
  };

  return {
    checkpoint: get,
    async saveCheckpoint({ run, epoch, purpose, bytes, sha256, chunks }, at) {
      // What earlier ones left goes first, so that saving cannot outrun erasing.
      await eraser?.erase();
      const { id } = database.run(
        `INSERT INTO checkpoint (run, epoch, purpose, bytes, sha256, created_at, state)
           VALUES (?, ?, ?, ?, ?, ?, 'saving')`,
        ...[run, epoch, purpose, bytes, sha256, at],
      );
      try {
        const hash = createHash('sha256');
        let number = 0;
        let saved = 0;
        for await (const chunk of chunks) {
          for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
            const piece = chunk.subarray(start, start + PIECE_BYTES);
            saved += piece.length;
            if (saved > bytes) throw damaged(id, `more than the announced ${bytes} bytes came`);
            if (piece.length > SMALL_PIECE) await portions.room();
            await portions.turn(() => {
              hash.update(piece);
              database.run('INSERT INTO checkpoint_chunk VALUES (?, ?, ?)', id, number, piece);
            });
            number++;
          }
        }
        if (saved !== bytes) throw damaged(id, `${saved} of the announced ${bytes} bytes came`);
        if (hash.digest('hex') !== sha256)
          throw damaged(id, 'its SHA-256 differs from the announced one');
        database.transaction(() => {
          const earlier = `SELECT id FROM checkpoint WHERE run = ? AND state = 'whole'`;
          database.run(
            `UPDATE pretrained SET checkpoint = ? WHERE checkpoint IN (${earlier})`,
            id,
            run,
          );
          database.run(`UPDATE checkpoint SET state = 'dropped' WHERE id IN (${earlier})`, run);
          database.run(`UPDATE checkpoint SET state = 'whole' WHERE id = ?`, id);
        });
        return get(id);
      } catch (error) {
        database.run(`UPDATE checkpoint SET state = 'dropped' WHERE id = ?`, id);
        throw error;
      } finally {
        eraser?.wake();
      }
    },
    checkpointOf(run) {
      const row = database.get<Row>(
        `SELECT ${columns} FROM checkpoint INDEXED BY checkpoint_run WHERE run = ? AND state = 'whole'`,
        run,
      );
      return row && checkpointOf(row);
    },
    checkpoints: () =>
      database
        .all<Row>(`SELECT ${columns} FROM checkpoint WHERE state = 'whole' ORDER BY id`)
        .map(checkpointOf),
    async *readCheckpoint(id) {
      const { bytes, sha256 } = get(id);
      const hash = createHash('sha256');
      let read = 0;
      for (let number = 0; read < bytes; number++) {
        const piece = await portions.turn(() =>
          database.value<Uint8Array>(
            'SELECT data FROM checkpoint_chunk WHERE checkpoint = ? AND number = ?',
            ...[id, number],
          ),
        );
        if (!piece) throw damaged(id, `${read} of its ${bytes} bytes are there`);
        hash.update(piece);
        read += piece.length;
        yield piece;
      }
      if (read !== bytes || hash.digest('hex') !== sha256)
        throw damaged(id, 'its bytes have changed since they were saved');
    },
    dropCheckpoint(id) {
      database.transaction(() => {
        get(id);
        database.run('UPDATE pretrained SET checkpoint = NULL WHERE checkpoint = ?', id);
        database.run(`UPDATE checkpoint SET state = 'dropped' WHERE id = ?`, id);
      });
      eraser?.wake();
    },
  };
}

const { columns, read: checkpointOf } = readerOf(checkpointSchema, { table: 'checkpoint' });
