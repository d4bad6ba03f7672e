import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import { endProcess } from './end-process.ts';
import { freePorts, untilGreeted } from './ports.ts';

const sshd = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((path) => existsSync(path));

/** Reason to skip tests over ssh; false where an sshd can be started. */
export const noSshServer: string | false =
  sshd === undefined || spawnSync('ssh', ['-V']).status !== 0
    ? 'NOT TESTED: machines over ssh need sshd and ssh (apt-get install openssh-server)'
    : false;

/**
 * An sshd on loopback with a throw-away key, whose user has a home folder of its own; `ssh server`
 * reaches it through a configuration that only this process uses. Ends with the test.
 */
export async function sshServer(t: TestContext, folder: string): Promise<{ home: string }> {
  const home = join(folder, 'home');
  mkdirSync(home);
  for (const name of ['host', 'user']) keyPair(join(folder, name));
  const [port] = await freePorts(1);
  writeFileSync(
    join(folder, 'authorized'),
    `command="HOME=${home} KTG_HOME=${home}/cache; ` +
      `KTG_TENSORFLOW_WHEEL=${home}/no-wheel; export HOME KTG_HOME KTG_TENSORFLOW_WHEEL; cd; eval \\"$SSH_ORIGINAL_COMMAND\\"" ` +
      readFileSync(join(folder, 'user.pub'), 'utf8'),
  );
  writeFileSync(
    join(folder, 'sshd'),
    [
      ...[`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${join(folder, 'host')}`],
      ...[`AuthorizedKeysFile ${join(folder, 'authorized')}`, 'StrictModes no', 'UsePAM no'],
      ...['PasswordAuthentication no', 'PermitRootLogin prohibit-password', 'PidFile none'],
    ].join('\n'),
  );
  writeFileSync(
    join(folder, 'ssh'),
    [
      ...['Host server', 'HostName 127.0.0.1', `Port ${port}`, `User ${userInfo().username}`],
      ...[`IdentityFile ${join(folder, 'user')}`, 'IdentitiesOnly yes'],
      ...[`UserKnownHostsFile ${join(folder, 'known')}`, 'StrictHostKeyChecking accept-new'],
    ].join('\n'),
  );
  useConfiguration(t, folder);
  if (!existsSync('/run/sshd') && process.getuid?.() === 0) mkdirSync('/run/sshd');
  const server = spawn(sshd!, ['-D', '-f', join(folder, 'sshd')], { stdio: 'ignore' });
  t.after(() => endProcess(server));
  await untilGreeted(port!);
  return { home };
}

/** Puts an `ssh` in front of the path that reads this test's configuration. */
function useConfiguration(t: TestContext, folder: string): void {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const real = spawnSync('/bin/sh', ['-c', 'command -v ssh'], { encoding: 'utf8' }).stdout.trim();
  writeFileSync(join(bin, 'ssh'), `#!/bin/sh\nexec ${real} -F ${join(folder, 'ssh')} "$@"\n`);
  chmodSync(join(bin, 'ssh'), 0o755);
  const { PATH, KTG_HOME } = process.env;
  process.env.PATH = `${bin}${delimiter}${PATH ?? ''}`;
  // Without TensorFlow's library: its delivery would take minutes. The server cannot install it.
  process.env.KTG_HOME = join(folder, 'no-engine');
  t.after(() => {
    process.env.PATH = PATH;
    if (KTG_HOME === undefined) delete process.env.KTG_HOME;
    else process.env.KTG_HOME = KTG_HOME;
  });
}

function keyPair(path: string): void {
  spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
}
