#include "parallel.h"

#include <immintrin.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

namespace ktg {
namespace {

// Looks before a thread sleeps: some ten microseconds, about a step's pauses between kernels.
constexpr int kLooks = 400;

template <typename Condition>
bool soon(const Condition& holds) {
  for (int look = 0; look < kLooks; ++look) {
    if (holds()) return true;
    _mm_pause();
  }
  return holds();
}

// Threads that wait for parts; they live as long as the process.
class Pool {
 public:
  explicit Pool(int helpers) {
    for (int i = 0; i < helpers; ++i) std::thread([this, i] { serve(i + 1); }).detach();
  }

  void run(int count, const std::function<void(int)>& part) {
    {
      std::lock_guard<std::mutex> hold(mutex_);
      part_ = &part;
      count_ = count;
      running_.store(count - 1);
      round_.fetch_add(1);
    }
    begin_.notify_all();
    part(0);
    const auto done = [this] { return running_.load() == 0; };
    if (soon(done)) return;
    std::unique_lock<std::mutex> hold(mutex_);
    end_.wait(hold, done);
  }

 private:
  void serve(int own) {
    unsigned long seen = 0;
    for (;;) {
      const auto begun = [&] { return round_.load() != seen; };
      soon(begun);
      std::unique_lock<std::mutex> hold(mutex_);
      begin_.wait(hold, begun);
      seen = round_.load();
      if (own >= count_) continue;
      const std::function<void(int)>& part = *part_;
      hold.unlock();
      part(own);
      hold.lock();
      if (running_.fetch_sub(1) == 1) end_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable begin_, end_;
  const std::function<void(int)>* part_ = nullptr;
  int count_ = 0;
  std::atomic<int> running_{0};
  std::atomic<unsigned long> round_{0};
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
  if (count > 1 && busy.try_lock()) {
    pool.run(count, part);
    busy.unlock();
    return;
  }
  for (int i = 0; i < count; ++i) part(i);
}

}  // namespace ktg
