#include "parallel.h"

#include <immintrin.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace ktg {
namespace {

// Looks of a caller for the end, and of a thread for parts, before they give way to others; a
// hundred looks take some five microseconds. To wake a sleeper takes about as long as half a kernel.
constexpr int kCallersLooks = 2000, kHelpersLooks = 2000;

template <typename Condition>
bool soon(int looks, const Condition& holds) {
  for (int look = 0; look < looks; ++look) {
    if (holds()) return true;
    _mm_pause();
  }
  return false;
}

// Parts that nobody has taken yet, [first, end), of one call.
struct Open {
  std::uint32_t round;
  std::uint16_t first, end;
};
static_assert(std::atomic<Open>::is_always_lock_free);

// Threads that take parts; they live as long as the process. The caller takes parts from the front
// and the threads from the back, so that from kernel to kernel most maps stay in the same cache.
class Pool {
 public:
  explicit Pool(int helpers) {
    for (int i = 0; i < helpers; ++i) std::thread([this] { serve(); }).detach();
  }

  void run(int count, const std::function<void(int)>& part) {
    part_ = &part;
    left_.store(count);
    const Open last = open_.load();
    open_.store({last.round + 1, 0, static_cast<std::uint16_t>(count)});
    if (sleepers_.load() > 0) {
      // A thread that goes to sleep now has not looked yet, or hears this.
      { std::lock_guard<std::mutex> hold(mutex_); }
      begin_.notify_all();
    }
    for (int i; (i = take(true)) >= 0;) finish(i);
    const auto done = [this] { return left_.load() == 0; };
    while (!soon(kCallersLooks, done)) std::this_thread::yield();
  }

 private:
  // Returns the number of an open part, which now belongs to the thread; -1 without one.
  int take(bool front) {
    Open seen = open_.load();
    while (seen.first < seen.end) {
      Open next = seen;
      const int part = front ? next.first++ : --next.end;
      if (open_.compare_exchange_weak(seen, next)) return part;
    }
    return -1;
  }

  // The call waits for this part, so its function is still there.
  void finish(int part) {
    (*part_)(part);
    left_.fetch_sub(1);
  }

  void serve() {
    const auto begun = [this] {
      const Open seen = open_.load();
      return seen.first < seen.end;
    };
    for (;;) {
      if (!soon(kHelpersLooks, begun)) {
        std::unique_lock<std::mutex> hold(mutex_);
        sleepers_.fetch_add(1);
        begin_.wait(hold, begun);
        sleepers_.fetch_sub(1);
      }
      for (int i; (i = take(false)) >= 0;) finish(i);
    }
  }

  std::mutex mutex_;
  std::condition_variable begin_;
  const std::function<void(int)>* part_ = nullptr;
  std::atomic<Open> open_{Open{0, 0, 0}};
  std::atomic<int> left_{0}, sleepers_{0};
};

int asked() {
  const char* text = std::getenv("TF_NUM_INTRAOP_THREADS");
  const int number = text ? std::atoi(text) : 0;
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  return number > 0 ? number : cores > 0 ? cores : 1;
}

}  // namespace

int threads() {
  static const int count = asked();
  return count;
}

void parallel(int count, const std::function<void(int)>& part) {
  // Never destroyed: its threads may still wait when the process ends.
  static Pool& pool = *new Pool(threads() - 1);
  static std::mutex busy;
  if (count > 1 && threads() > 1 && busy.try_lock()) {
    pool.run(count, part);
    busy.unlock();
    return;
  }
  for (int i = 0; i < count; ++i) part(i);
}

}  // namespace ktg
