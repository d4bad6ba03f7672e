// Runs one case of test/engine/parallel.test.ts on the pool of core/engine/kernels/parallel.cc.
#include "../../core/engine/kernels/parallel.h"

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <iostream>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

#include "../../core/engine/kernels/buffers.h"

namespace {

const std::thread::id main_thread = std::this_thread::get_id();
bool on_caller() { return std::this_thread::get_id() == main_thread; }

// Runs two parts that wait for each other, so that each has a thread of its own. It never returns
// while the pool gives both to one thread.
template <typename Part>
void together(const Part& part) {
  std::atomic<int> begun{0};
  ktg::parallel(2, [&](int) {
    ++begun;
    while (begun.load() < 2) std::this_thread::yield();
    part();
  });
}

// Prints the error of a call, then whether the pool still uses its threads and runs every part.
template <typename Call>
void tell(const Call& call) {
  try {
    call();
    std::cout << "no error\n";
  } catch (const std::exception& error) {
    std::cout << error.what() << "\n";
  }
  if (ktg::threads() > 1) together([] {});
  for (int round = 0; round < 1000; ++round) {
    std::atomic<int> sum{0};
    ktg::parallel(16, [&](int part) { sum += part; });
    if (sum != 120) throw std::logic_error("a part was lost");
  }
  std::cout << "usable\n";
}

void throw_on(bool caller) {
  together([&] {
    if (on_caller() == caller) throw std::runtime_error(caller ? "caller" : "helper");
  });
}

void allocate(std::size_t count) {
  ktg::parallel(16, [&](int) { ktg::zeros<float>(count); });
}

// Threads that the process may still begin; -1: any number.
std::atomic<int> threads_left{-1};

}  // namespace

// Takes the place of the system's function, to run out of threads.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*start)(void*), void* argument) {
  if (threads_left == 0) return EAGAIN;
  if (threads_left > 0) --threads_left;
  static const auto create = reinterpret_cast<decltype(&pthread_create)>(
      dlsym(RTLD_NEXT, "pthread_create"));
  return create(thread, attributes, start, argument);
}

int main(int, char** arguments) {
  const std::string name = arguments[1];
  if (name == "helper") tell([] { throw_on(false); });
  if (name == "caller") tell([] { throw_on(true); });
  if (name == "each part")
    tell([] { ktg::parallel(100, [](int) { throw std::runtime_error("part"); }); });
  if (name == "memory") tell([] { allocate(std::size_t{1} << 50); });
  if (name == "size") tell([] { allocate(SIZE_MAX / 4 + 2); });
  if (name == "many parts") tell([] { ktg::parallel(65536, [](int) {}); });
  if (name == "few threads") {
    threads_left = 1;
    tell([] {});
  }
}
