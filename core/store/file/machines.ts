import { LabError } from '../../base/errors.ts';
import { type Machine, launcherSchema } from '../../study/machine.ts';
import type { Sqlite } from '../sqlite.ts';
import type { MachineStore } from '../store.ts';
import { decoded, readable } from './rows.ts';

interface MachineRow {
  id: string;
  name: string;
  launcher: string;
  drained: number;
  created_at: number;
}

/** Other machines of the lab. Their keys are elsewhere: the file holds no secret. */
export function machinesIn(database: Sqlite): MachineStore {
  const read = ({ id, name, launcher, drained, created_at }: MachineRow): Machine => ({
    id,
    name,
    launcher: decoded(launcherSchema, launcher, 'machine', id),
    drained: drained === 1,
    createdAt: created_at,
  });
  return {
    addMachine({ id, name, launcher, drained, createdAt }) {
      database.run(
        'INSERT INTO machine (id, name, launcher, drained, created_at) VALUES (?, ?, ?, ?, ?)',
        ...[id, name, JSON.stringify(launcher), drained ? 1 : 0, createdAt],
      );
    },
    machines: () =>
      readable(database.all<MachineRow>('SELECT * FROM machine ORDER BY created_at, id'), read),
    changeMachine(id, { drained }) {
      const { changes } = database.run(
        'UPDATE machine SET drained = ? WHERE id = ?',
        drained ? 1 : 0,
        id,
      );
      if (changes === 0) throw new LabError('agents.not-there', { name: id });
    },
    removeMachine(id) {
      const { changes } = database.run('DELETE FROM machine WHERE id = ?', id);
      if (changes === 0) throw new LabError('agents.not-there', { name: id });
    },
  };
}
