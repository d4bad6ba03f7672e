// Runs parts of a kernel on the threads that TensorFlow may use within one operation.
#pragma once
#include <algorithm>
#include <cstddef>
#include <functional>

namespace ktg {

// Most parts of a kernel; more than threads, so that one that begins late takes fewer. A kernel
// that always has so many computes the same sums with any number of threads.
constexpr int kParts = 16;

// Returns the number of sums of `bytes` that a kernel adds up at the end, at least `least`: by their
// size alone, so that the same numbers are added with any number of threads. Above 1 MiB together
// they leave the cache.
inline int sums_of(std::size_t bytes, std::size_t least) {
  constexpr std::size_t kTogether = 1 << 20;
  return static_cast<int>(std::clamp<std::size_t>(kTogether / bytes, least, kParts));
}

// Returns the number of threads of one kernel: TF_NUM_INTRAOP_THREADS, else all cores.
int threads();

// Calls `part(i)` for every i below `count`, which is at most 65535. Parts go to whichever thread
// is free, so sums belong to parts, never to threads. While another kernel holds the threads, all
// parts run on the caller's.
//
// Throws the first exception of a part, when every part has ended; parts that have not begun by
// then are left out. Throws std::length_error for too many parts.
void parallel(int count, const std::function<void(int)>& part);

}  // namespace ktg
