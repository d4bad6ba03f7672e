// Prints a hash of the bits of each result of test/engine/row-kernels.test.ts.
#include <cstdint>
#include <cstdio>
#include <vector>

#include "../../core/engine/kernels/direct_convolution.h"
#include "../../core/engine/kernels/row_convolution.h"
#include "../../core/engine/kernels/row_gradient.h"

namespace {

// Returns numbers of changing signs and sizes, in bfloat16.
std::vector<std::uint16_t> numbers(std::size_t count, std::uint32_t state) {
  std::vector<std::uint16_t> all(count);
  for (auto& each : all) {
    state = state * 1664525 + 1013904223;
    each = static_cast<std::uint16_t>((state >> 16 & 0x80ff) | 0x3f00);
  }
  return all;
}

std::vector<float> wide(const std::vector<std::uint16_t>& all) {
  std::vector<float> result;
  for (const std::uint16_t each : all) {
    const std::uint32_t bits = static_cast<std::uint32_t>(each) << 16;
    float value;
    __builtin_memcpy(&value, &bits, sizeof value);
    result.push_back(value);
  }
  return result;
}

template <typename T>
void print(const std::vector<T>& all) {
  unsigned long long sum = 14695981039346656037u;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(all.data());
  for (std::size_t i = 0; i < all.size() * sizeof(T); ++i) sum = (sum ^ bytes[i]) * 1099511628211u;
  std::printf("%016llx\n", sum);
}

}  // namespace

int main() {
  for (const ktg::Maps& m : {ktg::Maps{64, 8, 8, 64, 64}, ktg::Maps{9, 16, 16, 32, 48},
                             ktg::Maps{5, 7, 9, 16, 16}, ktg::Maps{1, 32, 32, 16, 32},
                             ktg::Maps{3, 4, 4, 128, 128}}) {
    const std::size_t pixels = static_cast<std::size_t>(m.images) * m.height * m.width;
    const auto x = numbers(pixels * m.inputs, 1), dy = numbers(pixels * m.outputs, 2);
    const auto filter = wide(numbers(std::size_t{9} * m.inputs * m.outputs, 3));
    std::vector<std::uint16_t> y(pixels * m.outputs), dx(pixels * m.inputs);
    std::vector<float> gradient(filter.size());
    const ktg::Maps back{m.images, m.height, m.width, m.outputs, m.inputs};
    const ktg::Ending<std::uint16_t> nothing{};
    ktg::direct_convolution(m, x.data(), filter.data(), nothing, y.data());
    ktg::row_input_gradient(back, dy.data(), filter.data(), nothing, dx.data());
    ktg::row_filter_gradient(m, x.data(), dy.data(), gradient.data());
    print(y);
    print(dx);
    print(gradient);
  }
}
