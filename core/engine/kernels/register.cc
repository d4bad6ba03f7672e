// Registers the kernels as operations of TensorFlow when Node loads this library as an addon.
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "call.h"
#include "filter_gradient.h"
#include "norm.h"
#include "row_gradient.h"
#include "tensorflow_c.h"
#include "tile_convolution.h"
#include "vector_convolution.h"
#include "winograd.h"

namespace {

using ktg::Call;
using ktg::Shape;
using ktg::Status;

ktg::Flat flat_of(const Shape& maps) {
  return {maps[0] * maps[1] * maps[2], static_cast<int>(maps[3])};
}

// Sizes of a convolution of x, whose filter has the shape [3, 3, inputs, outputs], or `turned`
// [3, 3, outputs, inputs]. Throws std::invalid_argument for another one.
ktg::Maps maps_of(const Shape& x, const Shape& filter, bool turned) {
  const std::int64_t outputs = filter.size() == 4 ? filter[turned ? 2 : 3] : 0;
  ktg::require_shape("filter", filter,
                     turned ? Shape{3, 3, outputs, x[3]} : Shape{3, 3, x[3], outputs});
  const auto size = [](std::int64_t value) { return static_cast<int>(value); };
  return {size(x[0]), size(x[1]), size(x[2]), size(x[3]), size(outputs)};
}

// The shape of the outputs.
Shape shape_of(const ktg::Maps& m) { return {m.images, m.height, m.width, m.outputs}; }

// What an operation's attributes say.
struct Form {
  bool relu = false, keeps_slope = false, turned = false, tiles = false;
  int more = 0, outputs = 0, added = 0;
  float epsilon = 0;
};

bool flag(TF_OpKernelConstruction* made, const char* name) {
  unsigned char value = 0;
  const Status status;
  TF_OpKernelConstruction_GetAttrBool(made, name, &value, status);
  status.check(name);
  return value != 0;
}

// Returns the number of inputs in a list, which is `least` or one more.
int count(TF_OpKernelConstruction* made, const char* name, int least = 0) {
  std::int32_t value = 0;
  const Status status;
  TF_OpKernelConstruction_GetAttrInt32(made, name, &value, status);
  status.check(name);
  if (value >= least && value <= least + 1) return value;
  throw std::invalid_argument(std::string(name) + " is " + std::to_string(value) +
                              "; this kernel takes " + std::to_string(least) + " or " +
                              std::to_string(least + 1) + ".");
}

float number(TF_OpKernelConstruction* made, const char* name) {
  float value = 0;
  const Status status;
  TF_OpKernelConstruction_GetAttrFloat(made, name, &value, status);
  status.check(name);
  return value;
}

Form norm_form(TF_OpKernelConstruction* made) {
  Form form;
  form.relu = flag(made, "relu");
  form.more = count(made, "N");
  form.epsilon = number(made, "epsilon");
  return form;
}

Form gradient_form(TF_OpKernelConstruction* made) {
  Form form;
  form.keeps_slope = flag(made, "keep_slope");
  form.more = count(made, "N", 1) - 1;
  form.outputs = count(made, "M");
  form.added = count(made, "P");
  return form;
}

Form convolution_form(TF_OpKernelConstruction* made) {
  Form form;
  form.turned = flag(made, "turned");
  form.more = count(made, "N");
  return form;
}

Form filter_form(TF_OpKernelConstruction* made) {
  Form form;
  form.tiles = flag(made, "tiles");
  return form;
}

template <typename T>
void norm(const Form& form, Call& call) {
  const Shape shape = call.maps(0, "x"), channels{shape[3]};
  const auto* x = call.values<T>(0, "x", shape);
  const auto* gamma = call.values<float>(1, "gamma", channels);
  const auto* beta = call.values<float>(2, "beta", channels);
  const auto* other = form.more > 0 ? call.values<T>(3, "the other map", shape) : nullptr;
  const ktg::Statistics statistics{call.output<float>(1, channels), call.output<float>(2, channels),
                                   call.output<float>(3, channels)};
  ktg::norm(flat_of(shape), x, gamma, beta, other, form.relu, form.epsilon,
            call.output<T>(0, shape), statistics);
}

template <typename T>
void norm_gradient(const Form& form, Call& call) {
  const Shape shape = call.maps(0, "x"), channels{shape[3]}, nothing{0};
  const auto* x = call.values<T>(0, "x", shape);
  const auto* gamma = call.values<float>(1, "gamma", channels);
  const auto* mean = call.values<float>(2, "mean", channels);
  const auto* inverse = call.values<float>(3, "inverse", channels);
  int next = 4;
  const auto map = [&](const char* name, bool is) {
    return is ? call.values<T>(next++, name, shape) : nullptr;
  };
  const ktg::Slope<T> given{map("slope", true), map("the other slope", form.more > 0),
                            map("output", form.outputs > 0)};
  const T* added = map("the added map", form.added > 0);
  T* slope = call.output<T>(3, form.keeps_slope ? shape : nothing);
  ktg::norm_gradient(flat_of(shape), given, x, gamma, mean, inverse, added,
                     call.output<T>(0, shape), call.output<float>(1, channels),
                     call.output<float>(2, channels), form.keeps_slope ? slope : nullptr);
}

// T is the type of maps, F that of the filter.
template <typename T, typename F>
void convolution(const Form& form, Call& call) {
  const Shape x = call.maps(0, "x"), filter = call.shape(1);
  const ktg::Maps maps = maps_of(x, filter, form.turned);
  const Shape y = shape_of(maps);
  const T* other = form.more > 0 ? call.values<T>(2, "the other map", y) : nullptr;
  ktg::convolution(maps, call.values<T>(0, "x", x), call.values<F>(1, "filter", filter),
                   form.turned, ktg::Ending<T>{nullptr, nullptr, other}, call.output<T>(0, y));
}

template <typename T, typename F>
void normed_convolution(const Form& form, Call& call) {
  const Shape x = call.maps(0, "x"), filter = call.shape(1);
  const ktg::Maps maps = maps_of(x, filter, false);
  const Shape y = shape_of(maps), outputs{y[3]};
  const auto* gamma = call.values<float>(2, "gamma", outputs);
  const auto* beta = call.values<float>(3, "beta", outputs);
  const auto* mean = call.values<float>(4, "mean", outputs);
  const auto* variance = call.values<float>(5, "variance", outputs);
  std::vector<float> scale(maps.outputs), shift(maps.outputs);
  for (int c = 0; c < maps.outputs; ++c) {
    scale[c] = gamma[c] / std::sqrt(variance[c] + form.epsilon);
    shift[c] = beta[c] - mean[c] * scale[c];
  }
  const T* other = form.more > 0 ? call.values<T>(6, "the other map", y) : nullptr;
  const ktg::Ending<T> ending{scale.data(), shift.data(), other, form.relu};
  ktg::convolution(maps, call.values<T>(0, "x", x), call.values<F>(1, "filter", filter), false,
                   ending, call.output<T>(0, y));
}

void gradient_of(const Form&, const ktg::Maps& maps, const float* x, const float* dy, float* to) {
  ktg::filter_gradient(maps, x, dy, to);
}

void gradient_of(const Form& form, const ktg::Maps& maps, const std::uint16_t* x,
                 const std::uint16_t* dy, float* to) {
  if (form.tiles)
    ktg::filter_gradient(maps, x, dy, to);
  else
    ktg::row_filter_gradient(maps, x, dy, to);
}

template <typename T>
void filter_gradient(const Form& form, Call& call) {
  const Shape x = call.maps(0, "x"), dy = call.maps(1, "dy");
  const Shape filter{3, 3, x[3], dy[3]};
  const ktg::Maps maps = maps_of(x, filter, false);
  gradient_of(form, maps, call.values<T>(0, "x", x), call.values<T>(1, "dy", shape_of(maps)),
              call.output<float>(0, filter));
}

// Reads the attributes of an operation; an exception becomes its status.
template <Form (*kForm)(TF_OpKernelConstruction*)>
void* create(TF_OpKernelConstruction* made) {
  std::unique_ptr<Form> form;
  ktg::guarded([&] { form = std::make_unique<Form>(kForm(made)); },
               [&](TF_Status* status) { TF_OpKernelConstruction_Failure(made, status); });
  return form.release();
}

void destroy(void* form) { delete static_cast<Form*>(form); }

// Computes one call; an exception becomes the call's status.
template <void (*kCompute)(const Form&, Call&)>
void compute(void* form, TF_OpKernelContext* context) {
  const auto work = [&] {
    Call call(context);
    kCompute(*static_cast<const Form*>(form), call);
  };
  ktg::guarded(work, [&](TF_Status* status) { TF_OpKernelContext_Failure(context, status); });
}

void define(const char* name, const std::vector<const char*>& attributes,
            const std::vector<const char*>& inputs, const std::vector<const char*>& outputs) {
  TF_OpDefinitionBuilder* builder = TF_NewOpDefinitionBuilder(name);
  for (const char* each : attributes) TF_OpDefinitionBuilderAddAttr(builder, each);
  for (const char* each : inputs) TF_OpDefinitionBuilderAddInput(builder, each);
  for (const char* each : outputs) TF_OpDefinitionBuilderAddOutput(builder, each);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(builder, TF_ShapeInferenceContextSetUnknownShape);
  const Status status;
  TF_RegisterOpDefinition(builder, status);
  status.check(name);
}

// Types of attributes of an operation, by name.
using Types = std::vector<std::pair<const char*, int>>;

void implement(const char* name, const Types& types, void* (*create)(TF_OpKernelConstruction*),
               void (*run)(void*, TF_OpKernelContext*)) {
  const Status status;
  TF_KernelBuilder* builder = TF_NewKernelBuilder(name, "CPU", create, run, destroy);
  for (const auto& [attribute, type] : types)
    TF_KernelBuilder_TypeConstraint(builder, attribute, type, status);
  TF_RegisterKernelBuilder(name, builder, status);
  status.check(name);
}

// Maps in bfloat16 take a filter in bfloat16 for tiles (AMX), and in float32 without them.
void register_convolutions() {
  const Types wide{{"T", ktg::kFloat}, {"F", ktg::kFloat}};
  const Types tiles{{"T", ktg::kBfloat16}, {"F", ktg::kBfloat16}};
  const Types rows{{"T", ktg::kBfloat16}, {"F", ktg::kFloat}};
  const char *type = "T: {float, bfloat16}", *filter = "F: {float, bfloat16} = DT_FLOAT";
  define("KtgConvolution", {type, filter, "N: int >= 0", "turned: bool"},
         {"x: T", "filter: F", "others: N * T"}, {"y: T"});
  constexpr auto form = create<convolution_form>;
  implement("KtgConvolution", wide, form, compute<convolution<float, float>>);
  implement("KtgConvolution", tiles, form, compute<convolution<std::uint16_t, std::uint16_t>>);
  implement("KtgConvolution", rows, form, compute<convolution<std::uint16_t, float>>);

  const char* normed = "KtgNormedConvolution";
  define(normed, {type, filter, "N: int >= 0", "relu: bool", "epsilon: float"},
         {"x: T", "filter: F", "gamma: float", "beta: float", "mean: float", "variance: float",
          "others: N * T"},
         {"y: T"});
  constexpr auto ending = create<norm_form>;
  implement(normed, wide, ending, compute<normed_convolution<float, float>>);
  implement(normed, tiles, ending, compute<normed_convolution<std::uint16_t, std::uint16_t>>);
  implement(normed, rows, ending, compute<normed_convolution<std::uint16_t, float>>);

  define("KtgFilterGradient", {type, "tiles: bool = false"}, {"x: T", "dy: T"},
         {"gradient: float"});
  implement("KtgFilterGradient", {{"T", ktg::kFloat}}, create<filter_form>,
            compute<filter_gradient<float>>);
  implement("KtgFilterGradient", {{"T", ktg::kBfloat16}}, create<filter_form>,
            compute<filter_gradient<std::uint16_t>>);
}

void register_all() {
  const Types wide{{"T", ktg::kFloat}}, brief{{"T", ktg::kBfloat16}};
  define("KtgNorm", {"T: {float, bfloat16}", "N: int >= 0", "relu: bool", "epsilon: float"},
         {"x: T", "gamma: float", "beta: float", "others: N * T"},
         {"y: T", "mean: float", "variance: float", "inverse: float"});
  implement("KtgNorm", wide, create<norm_form>, compute<norm<float>>);
  implement("KtgNorm", brief, create<norm_form>, compute<norm<std::uint16_t>>);

  define("KtgNormGradient",
         {"T: {float, bfloat16}", "N: int >= 1", "M: int >= 0", "P: int >= 0",
          "keep_slope: bool"},
         {"x: T", "gamma: float", "mean: float", "inverse: float", "slopes: N * T",
          "outputs: M * T", "added: P * T"},
         {"dx: T", "dgamma: float", "dbeta: float", "slope: T"});
  implement("KtgNormGradient", wide, create<gradient_form>, compute<norm_gradient<float>>);
  implement("KtgNormGradient", brief, create<gradient_form>,
            compute<norm_gradient<std::uint16_t>>);
  register_convolutions();
}

}  // namespace

// Called by Node with its environment and the module's exports, which stay empty.
extern "C" void* napi_register_module_v1(void*, void* exports) {
  static const bool once = (register_all(), true);
  (void)once;
  return exports;
}
