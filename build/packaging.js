// Content of the app's packages. Plain JavaScript for Node 18 and newer.
import { join } from 'node:path';

/**
 * Returns the configuration of electron-builder for one platform. The archive holds the window and
 * the app's main program; fuses make Electron run them only from there, and verify it on Windows
 * and macOS. Unpacked beside it: files for other programs (workers, libraries with native code or
 * WASM, the sources of the connection to TensorFlow) and the Node for workers.
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
      // tfjs needs one file per package under Node, the `main` of its package.json
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
      // one native file per module
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
      // electron-builder drops C++ from `files`, but the engine compiles it
      { from: connection, to: `app.asar.unpacked/${connection}` },
      { from: 'core/engine/kernels', to: 'app.asar.unpacked/dist/engine/kernels' },
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
    // otherwise electron-builder turns Chromium's sandbox off
    appImage: { executableArgs: [] },
    // adds to electron-builder's own list, which `depends` would replace
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

/** Libraries inside the bundles. */
const bundled = ['tar', 'valibot', 'ws', 'yauzl'];

/** Files that only developers of a package need. */
const developers = [
  '*.{map,ts,md,markdown,flow,tsbuildinfo}',
  '{test,tests,__tests__,example,examples,benchmark,docs,.github,.bin}/**',
  '*{.,_}test.js',
  '{CHANGELOG,README,readme}*',
];
