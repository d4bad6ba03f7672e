// The gradient of a filter with AMX: products of tiles of 16 inputs x 32 pixels and 32 pixels x 16
// outputs. Both maps are copied with their zeros around them, x with pixels last. So the pixels of
// a tap are one run of numbers, and the tap only shifts its start.
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "buffers.h"
#include "filter_gradient.h"
#include "parallel.h"

namespace ktg {
namespace {

constexpr int kTaps = 9;
constexpr int kSide = 16;    // rows of a tile, and its columns of float32 or pairs
constexpr int kPixels = 32;  // pixels in one product

struct alignas(64) TileShapes {
  std::uint8_t palette = 1, start = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};
  TileShapes() {
    for (int tile = 0; tile < 8; ++tile) row_bytes[tile] = 64, rows[tile] = kSide;
  }
};

// How copies of `group` images lie in memory.
struct Layout {
  int stride;  // pixels from one row to the next, with the zeros between them
  int used;    // pixels of dy's copy of one image, in whole tiles
  int room;    // pixels of x's copy of one image, so that every tap stays inside
  int group;   // images in one copy, so that small maps fill the sums' tiles longer

  explicit Layout(const Maps& m)
      : stride(m.width + 2),
        used((m.height * stride + kPixels - 1) / kPixels * kPixels),
        room((used + 2 * stride + 2 + kPixels - 1) / kPixels * kPixels),
        group(std::clamp(1024 / used, 1, 8)) {}
};

// Exchanges rows and columns of 16 x 16 numbers of 32 bits.
inline void transpose(__m512i (&v)[kSide]) {
  __m512i t[kSide];
#pragma GCC unroll 8
  for (int i = 0; i < kSide; i += 2) {
    t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < kSide; i += 4) {
    v[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    v[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    v[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    v[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < kSide; i += 8)
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      t[i + j] = _mm512_shuffle_i32x4(v[i + j], v[i + j + 4], 0x88);
      t[i + j + 4] = _mm512_shuffle_i32x4(v[i + j], v[i + j + 4], 0xdd);
    }
#pragma GCC unroll 8
  for (int j = 0; j < 8; ++j) {
    v[j] = _mm512_shuffle_i32x4(t[j], t[j + 8], 0x88);
    v[j + 8] = _mm512_shuffle_i32x4(t[j], t[j + 8], 0xdd);
  }
}

// Copies one image of x as [inputs][pixels with zeros around]; `channel` numbers lie between two
// inputs of the copy.
void copy_with_pixels_last(const Maps& m, const Layout& l, const std::uint16_t* x, int channel,
                           std::uint16_t* copy) {
  const int pixels = m.height * m.width;
  for (int from = 0; from < pixels; from += kPixels)
    for (int c = 0; c < m.inputs; c += kSide) {
      __m512i v[kSide];
#pragma GCC unroll 16
      for (int i = 0; i < kSide; ++i) {
        const std::uint16_t* low = x + (from + 2 * i) * m.inputs + c;
        v[i] = side_by_side(low, low + m.inputs);
      }
      transpose(v);
      // The 32 pixels may belong to several rows.
      for (int done = 0; done < kPixels;) {
        const int y = (from + done) / m.width, column = (from + done) % m.width;
        const int count = std::min(kPixels - done, m.width - column);
        const auto wanted = static_cast<__mmask32>(((1ull << count) - 1) << done);
        std::uint16_t* to = copy + c * channel + (y + 1) * l.stride + column + 1 - done;
        for (int i = 0; i < kSide; ++i) _mm512_mask_storeu_epi16(to + i * channel, wanted, v[i]);
        done += count;
      }
    }
}

// Copies one image of dy as [pairs of pixels][outputs][2].
void copy_in_pairs(const Maps& m, const Layout& l, const std::uint16_t* dy, std::uint16_t* copy) {
  for (int y = 0; y < m.height; ++y)
    for (int p = 0; p < m.width; p += 2)
      for (int c = 0; c < m.outputs; c += kSide) {
        const std::uint16_t* low = dy + (y * m.width + p) * m.outputs + c;
        std::uint16_t* to = copy + (y * l.stride + p) * m.outputs + 2 * c;
        _mm512_storeu_si512(to, side_by_side(low, low + m.outputs));
      }
}

// Adds the products of kCount taps from `tap` on, for 16 inputs and 16 outputs.
template <int kCount>
void add_taps(const Layout& l, int tap, int images, const std::uint16_t* x, int channel,
              const std::uint16_t* dy, int outputs, float* sums, std::size_t between) {
  const auto at = [&](int i) { return (tap + i) / 3 * l.stride + (tap + i) % 3; };
  const std::size_t row = static_cast<std::size_t>(outputs) * sizeof(float);
  const std::size_t left = static_cast<std::size_t>(channel) * sizeof(std::uint16_t);
#define KTG_EACH(what) \
  what(0) if constexpr (kCount > 3) { what(3) what(4) what(5) } what(1) what(2)
#define KTG_LOAD(i) _tile_loadd(i, sums + i * between, row);
#define KTG_STORE(i) _tile_stored(i, sums + i * between, row);
#define KTG_MULTIPLY(i)            \
  _tile_loadd(6, from + at(i), left); \
  _tile_dpbf16ps(i, 6, 7);
  KTG_EACH(KTG_LOAD)
  for (int n = 0; n < images; ++n)
    for (int p = 0; p < l.used; p += kPixels) {
      const std::uint16_t* from = x + n * l.room + p;
      _tile_loadd(7, dy + static_cast<std::size_t>(n * l.used + p) * outputs, row);
      KTG_EACH(KTG_MULTIPLY)
    }
  KTG_EACH(KTG_STORE)
#undef KTG_EACH
#undef KTG_LOAD
#undef KTG_STORE
#undef KTG_MULTIPLY
}

// Divides `units` of images among threads; `work(first, last, sums)` adds up a thread's own.
template <typename Work>
void divide(const Maps& m, int units, float* gradient, const Work& work) {
  const std::size_t size = static_cast<std::size_t>(kTaps) * m.inputs * m.outputs;
  const int parts = std::min(threads(), units);
  std::vector<Buffer<float>> sums(parts);
  parallel(parts, [&](int part) {
    sums[part] = zeros<float>(size);
    work(units * part / parts, units * (part + 1) / parts, sums[part].get());
  });
  std::copy_n(sums[0].get(), size, gradient);
  for (int part = 1; part < parts; ++part)
    for (std::size_t i = 0; i < size; ++i) gradient[i] += sums[part][i];
}

// Asks the system for the registers of tiles, once for the process.
bool allowed() {
  constexpr int kRequest = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  static const bool answer = syscall(SYS_arch_prctl, kRequest, kTileData) == 0;
  return answer;
}

}  // namespace

void filter_gradient(const Maps& m, const std::uint16_t* x, const std::uint16_t* dy,
                     float* gradient) {
  if (!allowed()) throw std::runtime_error("The system refuses the tiles (AMX).");
  const Layout l(m);
  const std::size_t pixels = static_cast<std::size_t>(m.height) * m.width;
  const std::size_t between = static_cast<std::size_t>(m.inputs) * m.outputs;
  const int channel = l.group * l.room;
  divide(m, m.images, gradient, [&](int first, int last, float* sums) {
    auto left = zeros<std::uint16_t>(static_cast<std::size_t>(channel) * m.inputs + 2 * l.room);
    auto right = zeros<std::uint16_t>(static_cast<std::size_t>(l.group) * l.used * m.outputs);
    const TileShapes shapes;
    _tile_loadconfig(&shapes);
    for (int n = first; n < last; n += l.group) {
      const int images = std::min(l.group, last - n);
      for (int i = 0; i < images; ++i) {
        copy_with_pixels_last(m, l, x + (n + i) * pixels * m.inputs, channel,
                              left.get() + i * l.room);
        copy_in_pairs(m, l, dy + (n + i) * pixels * m.outputs,
                      right.get() + static_cast<std::size_t>(i) * l.used * m.outputs);
      }
      for (int i = 0; i < m.inputs; i += kSide)
        for (int o = 0; o < m.outputs; o += kSide) {
          const std::uint16_t* a = left.get() + i * channel;
          const std::uint16_t* b = right.get() + 2 * o;
          float* to = sums + static_cast<std::size_t>(i) * m.outputs + o;
          add_taps<6>(l, 0, images, a, channel, b, m.outputs, to, between);
          add_taps<3>(l, 6, images, a, channel, b, m.outputs, to + 6 * between, between);
        }
    }
    _tile_release();
  });
}

}  // namespace ktg
