import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);

/** File name of the compiled opener in a library folder. */
export const quietFile = 'open_quietly.node';

/**
 * While TensorFlow's library loads, it writes two lines to the error output that no setting turns
 * off (a notice about oneDNN, before its logging starts). This addon loads it with the error output
 * closed; failures come back as text. For TensorFlow 2.21; remove it when TF_CPP_MIN_LOG_LEVEL
 * covers that notice.
 */
export const quietSource = String.raw`
#include <dlfcn.h>
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

static napi_value open_quietly(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument, result;
  char path[4096];
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  if (napi_get_value_string_utf8(env, argument, path, sizeof path, nullptr) != napi_ok) {
    napi_throw_type_error(env, nullptr, "open_quietly(path)");
    return nullptr;
  }
  int saved = dup(STDERR_FILENO);
  int nowhere = open("/dev/null", O_WRONLY);
  if (saved >= 0 && nowhere >= 0) dup2(nowhere, STDERR_FILENO);
  void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
  const char *error = library ? "" : dlerror();
  if (saved >= 0) {
    dup2(saved, STDERR_FILENO);
    close(saved);
  }
  if (nowhere >= 0) close(nowhere);
  napi_create_string_utf8(env, error, NAPI_AUTO_LENGTH, &result);
  return result;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "open_quietly", NAPI_AUTO_LENGTH, open_quietly, nullptr, &function);
  return function;
}
`;

/** Opens the shared libraries in `folder`. @throws Error with the loader's message */
export function openQuietly(folder: string, libraries: readonly string[]): void {
  const open = require(join(folder, quietFile)) as (path: string) => string;
  for (const library of libraries) {
    const error = open(join(folder, library));
    if (error) throw new Error(error);
  }
}
