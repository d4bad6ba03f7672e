// What a package of the app is made of. Plain JavaScript for Node 18 and newer.
import { join } from 'node:path';

/**
 * Configuration of electron-builder for one platform. In the archive: the window and the app's main
 * program, which Electron runs from nowhere else, and checks before on Windows and macOS (fuses;
 * Linux knows no such check). Outside of it, unpacked: what other programs must find: workers,
 * libraries with native code or WASM, and the sources from which a compiler connects TensorFlow.
 * Beside it: the Node that workers run under.
 *
 * @param {{ node: string, output: string, electronDist?: string, platform?: NodeJS.Platform, arch?:
 * string }} options `electronDist`: folder of an unpacked Electron; without it electron-builder
 * downloads one
 * @returns {import('electron-builder').Configuration}
 */
export function packageConfiguration({
  node,
  output,
  electronDist,
  platform = process.platform,
  arch = process.arch,
}) {
  const sqlite = `${platform}-${arch}`;
  return {
    appId: 'org.ktg-lab.app',
    productName: 'KTG lab',
    executableName: 'ktg-lab',
    copyright: 'MIT',
    directories: { output, buildResources: 'build' },
    ...(electronDist !== undefined && { electronDist }),
    protocols: { name: 'A place in KTG lab', schemes: ['ktg-lab'] }, // as in electron/links.ts
    npmRebuild: false, // better-sqlite3 brings a file for Node-API: nothing is compiled
    electronLanguages: ['en-US', 'en'],
    files: [
      'dist/electron/**',
      'dist/renderer/**',
      'package.json',
      ...bundled.map((name) => `!node_modules/${name}/**`),
      ...developers.map((pattern) => `!node_modules/**/${pattern}`),
      // tfjs: one file for Node each, which package.json names as `main`
      ...[
        'tfjs',
        'tfjs-layers',
        'tfjs-converter',
        'tfjs-data',
        'tfjs-backend-cpu',
        'tfjs-backend-webgl',
      ].map((name) => `!node_modules/@tensorflow/${name}/dist/!(tf*.node.js)`),
      '!node_modules/@tensorflow/tfjs-backend-wasm/wasm-out/**',
      '!node_modules/@tensorflow/*/dist/*.{min,es2017,es2017.min,fesm,fesm.min}.js',
      '!node_modules/@tensorflow/tfjs-core/dist/!(tf-core.node.js)',
      '!node_modules/@tensorflow/tfjs-node-gpu/{scripts,deps,cloud-functions}/**',
      // one native file a module
      '!node_modules/better-sqlite3/{deps,src}/**',
      `!node_modules/better-sqlite3/prebuilds/!(${sqlite}.node)`,
    ],
    asar: true,
    asarUnpack: [
      'node_modules/**',
      'package.json',
      'dist/electron/!(main.js|preload.cjs|icon.png)',
    ],
    extraResources: [
      { from: node, to: platform === 'win32' ? 'node.exe' : 'node' },
      // electron-builder leaves C++ out of `files`, and this is what connects TensorFlow
      { from: connection, to: `app.asar.unpacked/${connection}` },
    ],
    electronFuses: {
      runAsNode: false,
      enableCookieEncryption: true,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
      resetAdHocDarwinSignature: platform === 'darwin',
    },
    linux: {
      target: packageTargets.linux,
      icon: join('build', 'icons'),
      category: 'Science',
      synopsis: 'Knowledge transfer graphs: networks that teach each other',
      maintainer: 'KTG lab <ktg-lab@localhost>',
      syncDesktopName: true, // with package.json, whose name Electron gives its windows
    },
    // or electron-builder starts it without Chromium's sandbox
    appImage: { executableArgs: [] },
    // beside electron-builder's own list, which `depends` would replace
    deb: { fpm: ['libasound2', 'libgbm1'].flatMap((library) => ['--depends', library]) },
    win: { target: packageTargets.win32, icon: join('build', 'icons', '256x256.png') },
    nsis: {
      oneClick: false,
      allowToChangeInstallationDirectory: true,
      deleteAppDataOnUninstall: false,
    },
    mac: {
      target: packageTargets.darwin,
      icon: join('build', 'icons', '1024x1024.png'),
      category: 'public.app-category.developer-tools',
      hardenedRuntime: true,
    },
  };
}

/** Kinds of packages by platform. */
export const packageTargets = {
  linux: ['AppImage', 'deb'],
  win32: ['nsis'],
  darwin: [/** @type {const} */ ('dmg')],
};

/** Sources that the engine's install compiles on the user's machine. */
const connection = 'node_modules/@tensorflow/tfjs-node-gpu/binding';

/** Libraries that are part of the bundles already. */
const bundled = ['tar', 'valibot', 'ws', 'yauzl'];

/** What only developers of a package need. */
const developers = [
  '*.{map,ts,md,markdown,flow,tsbuildinfo}',
  '{test,tests,__tests__,example,examples,benchmark,docs,.github,.bin}/**',
  '*{.,_}test.js',
  '{CHANGELOG,README,readme}*',
];
