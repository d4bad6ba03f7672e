// node supervise.js COMMAND ARGS... Runs a command, and ends it with all its children when standard
// input closes, so it never outlives the calling process. Plain JavaScript for Node 18 and newer.
import { spawn, spawnSync } from 'node:child_process';

const [command = '', ...args] = process.argv.slice(2);
const windows = process.platform === 'win32';
const child = spawn(command, args, {
  stdio: ['ignore', 'inherit', 'inherit'],
  detached: !windows,
  shell: windows,
});

const end = () => {
  try {
    if (windows) spawnSync('taskkill', ['/pid', String(child.pid), '/T', '/F']);
    else process.kill(-Number(child.pid), 'SIGKILL'); // its process group
  } catch {
    // it has just ended by itself
  }
  process.exit(1);
};
process.stdin.on('end', end).on('error', end).resume();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
child.on('error', (error) => {
  console.error(error.message);
  process.exit(127);
});
child.on('close', (code) => process.exit(code ?? 1));
