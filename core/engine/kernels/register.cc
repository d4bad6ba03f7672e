// Registers the kernels as operations of TensorFlow when Node loads this library as an addon.
#include <cmath>
#include <stdexcept>
#include <vector>

#include "filter_gradient.h"
#include "norm.h"
#include "tensorflow_c.h"
#include "tile_convolution.h"
#include "winograd.h"

namespace {

constexpr int kFloat = 1, kBfloat16 = 14;  // TF_DataType
constexpr int kInternal = 13;              // TF_Code

// A status that throws.
class Status {
 public:
  Status() : status_(TF_NewStatus()) {}
  ~Status() { TF_DeleteStatus(status_); }
  Status(const Status&) = delete;
  operator TF_Status*() const { return status_; }
  void check(const char* what) const {
    if (TF_GetCode(status_) != 0) throw std::runtime_error(what);
  }

 private:
  TF_Status* status_;
};

// Inputs and outputs of one call; frees its handles.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context) {}
  ~Call() {
    for (TF_Tensor* tensor : held_) TF_DeleteTensor(tensor);
  }
  const TF_Tensor* input(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    status_.check("TF_GetInput");
    held_.push_back(tensor);
    return tensor;
  }
  template <typename T>
  const T* values(int index) {
    return static_cast<const T*>(TF_TensorData(input(index)));
  }
  template <typename T>
  T* output(int index, int type, const std::vector<int64_t>& shape) {
    int64_t count = 1;
    for (const int64_t size : shape) count *= size;
    TF_Tensor* tensor = TF_AllocateOutput(context_, index, type, shape.data(),
                                          static_cast<int>(shape.size()), count * sizeof(T), status_);
    status_.check("TF_AllocateOutput");
    held_.push_back(tensor);
    return static_cast<T*>(TF_TensorData(tensor));
  }

 private:
  TF_OpKernelContext* context_;
  Status status_;
  std::vector<TF_Tensor*> held_;
};

std::vector<int64_t> shape_of(const TF_Tensor* tensor) {
  std::vector<int64_t> shape;
  for (int i = 0; i < TF_NumDims(tensor); ++i) shape.push_back(TF_Dim(tensor, i));
  return shape;
}

ktg::Flat flat_of(const std::vector<int64_t>& shape) {
  return {shape[0] * shape[1] * shape[2], static_cast<int>(shape[3])};
}

ktg::Maps maps_of(const std::vector<int64_t>& x, int64_t outputs) {
  const auto size = [&](int axis) { return static_cast<int>(x[axis]); };
  return {size(0), size(1), size(2), size(3), static_cast<int>(outputs)};
}

template <typename T>
constexpr int kType = sizeof(T) == sizeof(float) ? kFloat : kBfloat16;

// What an operation's attributes say.
struct Form {
  bool relu = false, keeps_slope = false, turned = false;
  int more = 0, outputs = 0, added = 0;
  float epsilon = 0;
};

bool flag(TF_OpKernelConstruction* made, const char* name) {
  unsigned char value = 0;
  TF_OpKernelConstruction_GetAttrBool(made, name, &value, Status());
  return value != 0;
}

int count(TF_OpKernelConstruction* made, const char* name) {
  int32_t value = 0;
  TF_OpKernelConstruction_GetAttrInt32(made, name, &value, Status());
  return value;
}

void* norm_form(TF_OpKernelConstruction* made) {
  Form* form = new Form;
  form->relu = flag(made, "relu");
  form->more = count(made, "N");
  TF_OpKernelConstruction_GetAttrFloat(made, "epsilon", &form->epsilon, Status());
  return form;
}

void* gradient_form(TF_OpKernelConstruction* made) {
  Form* form = new Form;
  form->keeps_slope = flag(made, "keep_slope");
  form->more = count(made, "N") - 1;
  form->outputs = count(made, "M");
  form->added = count(made, "P");
  return form;
}

void* convolution_form(TF_OpKernelConstruction* made) {
  Form* form = new Form;
  form->turned = flag(made, "turned");
  form->more = count(made, "N");
  return form;
}

template <typename T>
void norm(const Form& form, Call& call) {
  const auto shape = shape_of(call.input(0));
  const std::vector<int64_t> channels{shape[3]};
  const ktg::Statistics statistics{call.output<float>(1, kFloat, channels),
                                   call.output<float>(2, kFloat, channels),
                                   call.output<float>(3, kFloat, channels)};
  ktg::norm(flat_of(shape), call.values<T>(0), call.values<float>(1), call.values<float>(2),
            form.more > 0 ? call.values<T>(3) : nullptr, form.relu, form.epsilon,
            call.output<T>(0, kType<T>, shape), statistics);
}

template <typename T>
void norm_gradient(const Form& form, Call& call) {
  const auto shape = shape_of(call.input(0));
  const std::vector<int64_t> channels{shape[3]}, nothing{0};
  const ktg::Slope<T> given{call.values<T>(4), form.more > 0 ? call.values<T>(5) : nullptr,
                            form.outputs > 0 ? call.values<T>(5 + form.more) : nullptr};
  const T* added = form.added > 0 ? call.values<T>(5 + form.more + form.outputs) : nullptr;
  T* slope = call.output<T>(3, kType<T>, form.keeps_slope ? shape : nothing);
  ktg::norm_gradient(flat_of(shape), given, call.values<T>(0), call.values<float>(1),
                     call.values<float>(2), call.values<float>(3), added,
                     call.output<T>(0, kType<T>, shape), call.output<float>(1, kFloat, channels),
                     call.output<float>(2, kFloat, channels), form.keeps_slope ? slope : nullptr);
}

template <typename T>
void convolution(const Form& form, Call& call) {
  const auto x = shape_of(call.input(0)), filter = shape_of(call.input(1));
  const int64_t outputs = filter[form.turned ? 2 : 3];
  const ktg::Maps maps = maps_of(x, outputs);
  const T* other = form.more > 0 ? call.values<T>(2) : nullptr;
  ktg::convolution(maps, call.values<T>(0), call.values<T>(1), form.turned,
                   ktg::Ending<T>{nullptr, nullptr, other},
                   call.output<T>(0, kType<T>, {x[0], x[1], x[2], outputs}));
}

template <typename T>
void normed_convolution(const Form& form, Call& call) {
  const auto x = shape_of(call.input(0));
  const int64_t outputs = shape_of(call.input(1))[3];
  const float *gamma = call.values<float>(2), *beta = call.values<float>(3);
  const float *mean = call.values<float>(4), *variance = call.values<float>(5);
  std::vector<float> scale(outputs), shift(outputs);
  for (int64_t c = 0; c < outputs; ++c) {
    scale[c] = gamma[c] / std::sqrt(variance[c] + form.epsilon);
    shift[c] = beta[c] - mean[c] * scale[c];
  }
  const ktg::Ending<T> ending{scale.data(), shift.data(),
                              form.more > 0 ? call.values<T>(6) : nullptr, form.relu};
  const ktg::Maps maps = maps_of(x, outputs);
  ktg::convolution(maps, call.values<T>(0), call.values<T>(1), false, ending,
                   call.output<T>(0, kType<T>, {x[0], x[1], x[2], outputs}));
}

template <typename T>
void filter_gradient(const Form&, Call& call) {
  const auto x = shape_of(call.input(0)), dy = shape_of(call.input(1));
  const ktg::Maps maps = maps_of(x, dy[3]);
  ktg::filter_gradient(maps, call.values<T>(0), call.values<T>(1),
                       call.output<float>(0, kFloat, {3, 3, x[3], dy[3]}));
}

void* no_form(TF_OpKernelConstruction*) { return new Form; }
void destroy(void* form) { delete static_cast<Form*>(form); }

// Computes one call; an exception becomes the call's status.
template <void (*kCompute)(const Form&, Call&)>
void compute(void* form, TF_OpKernelContext* context) {
  try {
    Call call(context);
    kCompute(*static_cast<const Form*>(form), call);
  } catch (const std::exception& error) {
    const Status status;
    TF_SetStatus(status, kInternal, error.what());
    TF_OpKernelContext_Failure(context, status);
  }
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

void implement(const char* name, int type, void* (*create)(TF_OpKernelConstruction*),
               void (*run)(void*, TF_OpKernelContext*)) {
  const Status status;
  TF_KernelBuilder* builder = TF_NewKernelBuilder(name, "CPU", create, run, destroy);
  TF_KernelBuilder_TypeConstraint(builder, "T", type, status);
  TF_RegisterKernelBuilder(name, builder, status);
  status.check(name);
}

void register_all() {
  define("KtgNorm", {"T: {float, bfloat16}", "N: int >= 0", "relu: bool", "epsilon: float"},
         {"x: T", "gamma: float", "beta: float", "others: N * T"},
         {"y: T", "mean: float", "variance: float", "inverse: float"});
  implement("KtgNorm", kFloat, norm_form, compute<norm<float>>);
  implement("KtgNorm", kBfloat16, norm_form, compute<norm<std::uint16_t>>);

  define("KtgNormGradient",
         {"T: {float, bfloat16}", "N: int >= 1", "M: int >= 0", "P: int >= 0",
          "keep_slope: bool"},
         {"x: T", "gamma: float", "mean: float", "inverse: float", "slopes: N * T",
          "outputs: M * T", "added: P * T"},
         {"dx: T", "dgamma: float", "dbeta: float", "slope: T"});
  implement("KtgNormGradient", kFloat, gradient_form, compute<norm_gradient<float>>);
  implement("KtgNormGradient", kBfloat16, gradient_form, compute<norm_gradient<std::uint16_t>>);

  define("KtgConvolution", {"T: {float, bfloat16}", "N: int >= 0", "turned: bool"},
         {"x: T", "filter: T", "others: N * T"}, {"y: T"});
  implement("KtgConvolution", kFloat, convolution_form, compute<convolution<float>>);
  implement("KtgConvolution", kBfloat16, convolution_form, compute<convolution<std::uint16_t>>);

  define("KtgNormedConvolution",
         {"T: {float, bfloat16}", "N: int >= 0", "relu: bool", "epsilon: float"},
         {"x: T", "filter: T", "gamma: float", "beta: float", "mean: float", "variance: float",
          "others: N * T"},
         {"y: T"});
  implement("KtgNormedConvolution", kFloat, norm_form, compute<normed_convolution<float>>);
  implement("KtgNormedConvolution", kBfloat16, norm_form,
            compute<normed_convolution<std::uint16_t>>);

  define("KtgFilterGradient", {"T: {float, bfloat16}"}, {"x: T", "dy: T"}, {"gradient: float"});
  implement("KtgFilterGradient", kFloat, no_form, compute<filter_gradient<float>>);
  implement("KtgFilterGradient", kBfloat16, no_form, compute<filter_gradient<std::uint16_t>>);
}

}  // namespace

// Called by Node with its environment and the module's exports, which stay empty.
extern "C" void* napi_register_module_v1(void*, void* exports) {
  static const bool once = (register_all(), true);
  (void)once;
  return exports;
}
