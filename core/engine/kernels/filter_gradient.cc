// The gradient of a filter with AMX: products of tiles of 16 inputs x 32 pixels and 32 pixels x 16
// outputs. Both maps are copied so that each tile is one run of memory: x with pixels last, dy in
// pairs of pixels and with zeros around it. A tap only shifts where the tiles of dy begin.
#include <immintrin.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "buffers.h"
#include "filter_gradient.h"
#include "parallel.h"
#include "shapes.h"
#include "tiles.h"

namespace ktg {
namespace {

constexpr int kPixels = 32;  // pixels in one product

// How copies of `group` images lie in memory.
struct Layout {
  int stride;   // pixels from one row to the next, with the zeros between them
  int used;     // pixels of an image, in whole tiles
  int pitch;    // pixels from one image to the next, with a row of zeros between them
  int group;    // images in one copy, so that small maps fill the sums' tiles longer
  int margin;   // zeros before and behind the slopes, because taps shift them

  explicit Layout(const Maps& m)
      : stride(m.width + 2),
        used(whole(m.height * stride)),
        pitch(whole((m.height + 1) * stride)),
        group(std::clamp(1024 / used, 1, 8)),
        margin(stride + 2) {}

  // Pixels of one copy of slopes.
  int slopes() const { return group * pitch + 2 * margin; }

 private:
  static int whole(int pixels) { return (pixels + kPixels - 1) / kPixels * kPixels; }
};

// Copies one image of x as [blocks of 16 inputs][tiles of 32 pixels][16][32]; `between` numbers lie
// between two blocks.
void copy_with_pixels_last(const Maps& m, const Layout& l, const std::uint16_t* x,
                           std::size_t between, std::uint16_t* copy) {
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
      // The 32 pixels may belong to several rows and tiles.
      for (int done = 0, count; done < kPixels; done += count) {
        const int y = (from + done) / m.width, column = (from + done) % m.width;
        const int place = y * l.stride + column, within = place % kPixels;
        count = std::min({kPixels - done, m.width - column, kPixels - within});
        const auto wanted = static_cast<__mmask32>(((1ull << count) - 1) << done);
        std::uint16_t* to = copy + c / kSide * between + (place - within) * kSide + within - done;
        for (int i = 0; i < kSide; ++i) _mm512_mask_storeu_epi16(to + i * kPixels, wanted, v[i]);
      }
    }
}

// Copies one image of dy twice as [blocks of 16 outputs][pairs of pixels][16][2]: pairs begin at
// even pixels of `even`, and at odd ones of `odd`, whose first pair begins before the image.
void copy_in_pairs(const Maps& m, const Layout& l, const std::uint16_t* dy, std::size_t between,
                   std::uint16_t* even, std::uint16_t* odd) {
  for (int y = 0; y < m.height; ++y)
    for (int c = 0; c < m.outputs; c += kSide) {
      const std::uint16_t* from = dy + y * m.width * m.outputs + c;
      const std::size_t to = c / kSide * between + static_cast<std::size_t>(y) * l.stride * kSide;
      __m512i before = _mm512_setzero_si512();
      for (int p = 0; p < m.width; p += 2) {
        const __m512i pair = side_by_side(from + p * m.outputs, from + (p + 1) * m.outputs);
        const __m512i late = _mm512_or_si512(before, _mm512_slli_epi32(pair, 16));
        _mm512_store_si512(even + to + p * kSide, pair);
        _mm512_store_si512(odd + to + p * kSide, late);
        before = _mm512_srli_epi32(pair, 16);
      }
      _mm512_store_si512(odd + to + m.width * kSide, before);
    }
}

// Adds the products of kCount taps from `tap` on, for 16 inputs and 16 outputs. A tap shifts the
// slopes, whose pairs are whole lines of the cache, unlike pixels of x.
template <int kCount>
void add_taps(const Layout& l, int tap, int images, const std::uint16_t* x,
              const std::uint16_t* even, const std::uint16_t* odd, int outputs, float* sums,
              std::size_t between) {
  constexpr std::size_t kRow = 64;
  const std::size_t row = static_cast<std::size_t>(outputs) * sizeof(float);
  const std::uint16_t* slopes[kCount];
  for (int i = 0; i < kCount; ++i) {
    const int shift = ((tap + i) / 3 - 1) * l.stride + (tap + i) % 3 - 1;
    slopes[i] = shift % 2 == 0 ? even - shift * kSide : odd - (shift - 1) * kSide;
  }
#define KTG_EACH(what) \
  what(0) what(1) what(2) if constexpr (kCount > 3) { what(3) what(4) what(5) }
#define KTG_LOAD(i) _tile_loadd(i, sums + i * between, row);
#define KTG_STORE(i) _tile_stored(i, sums + i * between, row);
#define KTG_MULTIPLY(i)                  \
  _tile_loadd(7, slopes[i] + at, kRow); \
  _tile_dpbf16ps(i, 6, 7);
  KTG_EACH(KTG_LOAD)
  for (int n = 0; n < images; ++n)
    for (int p = n * l.pitch; p < n * l.pitch + l.used; p += kPixels) {
      const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(p) * kSide;
      _tile_loadd(6, x + at, kRow);
      KTG_EACH(KTG_MULTIPLY)
    }
  KTG_EACH(KTG_STORE)
#undef KTG_EACH
#undef KTG_LOAD
#undef KTG_STORE
#undef KTG_MULTIPLY
}

// Divides `units` of images into parts; `work(first, last, sums)` adds up a part's own.
template <typename Work>
void divide(const Maps& m, int units, float* gradient, const Work& work) {
  const std::size_t size = static_cast<std::size_t>(kTaps) * m.inputs * m.outputs;
  const int parts = std::min(sums_of(size * sizeof(float), 4), units);
  std::vector<Buffer<float>> sums(parts);
  parallel(parts, [&](int part) {
    sums[part] = zeros<float>(size);
    work(units * part / parts, units * (part + 1) / parts, sums[part].get());
  });
  std::copy_n(sums[0].get(), size, gradient);
  for (int part = 1; part < parts; ++part)
    for (std::size_t i = 0; i < size; ++i) gradient[i] += sums[part][i];
}

}  // namespace

void filter_gradient(const Maps& m, const std::uint16_t* x, const std::uint16_t* dy,
                     float* gradient) {
  require_sizes(whole_vectors(m) && m.width % 2 == 0 && m.height * m.width % kPixels == 0, m,
                "gradients of filters in bfloat16 need an even width, images of a multiple of 32 "
                "pixels, and channels that are multiples of 16");
  require_tiles();
  const Layout l(m);
  const std::size_t pixels = static_cast<std::size_t>(m.height) * m.width;
  const std::size_t between = static_cast<std::size_t>(m.inputs) * m.outputs;
  // Numbers of 16 channels in the copies.
  const std::size_t inputs = static_cast<std::size_t>(l.group) * l.pitch * kSide;
  const std::size_t slopes = static_cast<std::size_t>(l.slopes()) * kSide;
  divide(m, m.images, gradient, [&](int first, int last, float* sums) {
    const auto left = zeros<std::uint16_t>(inputs * (m.inputs / kSide));
    const auto right = zeros<std::uint16_t>(2 * slopes * (m.outputs / kSide));
    std::uint16_t* even = right.get() + l.margin * kSide;
    std::uint16_t* odd = even + slopes * (m.outputs / kSide);
    const TileShapes shapes;
    _tile_loadconfig(&shapes);
    for (int n = first; n < last; n += l.group) {
      const int images = std::min(l.group, last - n);
      for (int i = 0; i < images; ++i) {
        const int place = i * l.pitch * kSide;
        copy_with_pixels_last(m, l, x + (n + i) * pixels * m.inputs, inputs, left.get() + place);
        copy_in_pairs(m, l, dy + (n + i) * pixels * m.outputs, slopes, even + place, odd + place);
      }
      for (int i = 0; i < m.inputs; i += kSide)
        for (int o = 0; o < m.outputs; o += kSide) {
          const std::uint16_t* a = left.get() + i / kSide * inputs;
          const std::uint16_t* b = even + o / kSide * slopes;
          const std::uint16_t* c = odd + o / kSide * slopes;
          float* to = sums + static_cast<std::size_t>(i) * m.outputs + o;
          add_taps<6>(l, 0, images, a, b, c, m.outputs, to, between);
          add_taps<3>(l, 6, images, a, b, c, m.outputs, to + 6 * between, between);
        }
    }
    _tile_release();
  });
}

}  // namespace ktg
