#include "parallel.h"

#include <immintrin.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

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
    try {
      for (int i = 0; i < helpers; ++i) std::thread([this] { serve(); }).detach();
    } catch (const std::system_error&) {
      // The threads that began already use this pool, and fewer of them compute the same.
    }
  }

  void run(int count, const std::function<void(int)>& part) {
    part_ = &part;
    failed_.store(false);
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
    // Moved out, so that the pool keeps nothing of this call.
    if (failed_.load()) std::rethrow_exception(std::exchange(failure_, nullptr));
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
    try {
      if (!failed_.load()) (*part_)(part);
    } catch (...) {
      if (!failed_.exchange(true)) failure_ = std::current_exception();
    }
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
  std::atomic<bool> failed_{false};
  std::exception_ptr failure_;  // of the call; written once, before its part counts as done
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
  if (count > std::numeric_limits<std::uint16_t>::max())
    throw std::length_error("Too many parts for one call.");
  // Never destroyed: its threads may still wait when the process ends.
  static Pool& pool = *new Pool(threads() - 1);
  static std::mutex busy;
  if (count > 1 && threads() > 1) {
    const std::unique_lock<std::mutex> hold(busy, std::try_to_lock);
    if (hold) return pool.run(count, part);
  }
  for (int i = 0; i < count; ++i) part(i);
}

}  // namespace ktg
