// Batch norms in training mode, joined with the additions and ReLUs around them.
#pragma once
#include <cstdint>

namespace ktg {

// Sizes of maps [pixels of all images, channels]; channels are a multiple of 16.
struct Flat {
  std::int64_t pixels;
  int channels;
};

// Statistics [channels] of one batch, float32.
struct Statistics {
  float *mean, *variance;  // the variance is unbiased
  float* inverse;          // 1 / sqrt(biased variance + epsilon)
};

// y = normalised x * gamma + beta [+ other] [, at least 0]. `other` may be null.
// T is float or std::uint16_t (bfloat16).
template <typename T>
void norm(const Flat& maps, const T* x, const float* gamma, const float* beta, const T* other,
          bool relu, float epsilon, T* y, const Statistics& statistics);

// What the gradient of a norm starts from: the slope of its output is (dy + more), and 0 where
// `y` is not positive. `more` and `y` may be null.
template <typename T>
struct Slope {
  const T *dy, *more, *y;
};

// Writes dx [+ added] and the gradients of gamma and beta; `slope`, if not null, gets the masked
// sum. `added` may be null.
template <typename T>
void norm_gradient(const Flat& maps, const Slope<T>& given, const T* x, const float* gamma,
                   const float* mean, const float* inverse, const T* added, T* dx, float* dgamma,
                   float* dbeta, T* slope);

}  // namespace ktg
