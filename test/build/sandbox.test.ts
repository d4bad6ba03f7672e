import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sandboxObstacle } from '../../build/sandbox.js';

const binary = '/opt/electron/electron';
const saying = (path: string, value: string) => (asked: string) => (asked === path ? value : '');

describe('Electron’s sandbox', () => {
  test('has no obstacle on other systems or when Linux allows it', () => {
    assert.equal(sandboxObstacle(binary, { platform: 'darwin', user: 501 }), null);
    assert.equal(sandboxObstacle(binary, { platform: 'win32' }), null);
    const allowing = saying('/proc/sys/user/max_user_namespaces', '95000\n');
    assert.equal(sandboxObstacle(binary, { platform: 'linux', user: 1000, read: allowing }), null);
  });

  test('has an obstacle for root', () => {
    assert.match(sandboxObstacle(binary, { platform: 'linux', user: 0 })!, /root/);
  });

  for (const [path, value] of [
    ['/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1\n'],
    ['/proc/sys/kernel/unprivileged_userns_clone', '0\n'],
    ['/proc/sys/user/max_user_namespaces', '0\n'],
  ] as const)
    test(`has an obstacle when ${path} is ${value.trim()}, with a way to allow it`, () => {
      const why = sandboxObstacle(binary, {
        platform: 'linux',
        user: 1000,
        read: saying(path, value),
      });
      assert.match(why!, /sudo chmod 4755 '\/opt\/electron\/chrome-sandbox'/);
    });
});
