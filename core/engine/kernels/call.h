// What a kernel gets from TensorFlow and gives back, in C++.
#pragma once
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "shapes.h"
#include "tensorflow_c.h"

namespace ktg {

constexpr int kFloat = 1, kBfloat16 = 14;                                // TF_DataType
constexpr int kInvalidArgument = 3, kResourceExhausted = 8, kInternal = 13;  // TF_Code

template <typename T>
constexpr int kType = sizeof(T) == sizeof(float) ? kFloat : kBfloat16;

// A status that throws.
class Status {
 public:
  Status() : status_(TF_NewStatus()) {}
  ~Status() { TF_DeleteStatus(status_); }
  Status(const Status&) = delete;
  operator TF_Status*() const { return status_; }
  // Throws Failure with the status of `what` unless that is fine.
  void check(const char* what) const;

 private:
  TF_Status* status_;
};

// A status of TensorFlow that is not fine.
class Failure : public std::runtime_error {
 public:
  Failure(int code, const std::string& message) : std::runtime_error(message), code(code) {}
  const int code;  // TF_Code
};

inline void Status::check(const char* what) const {
  const int code = TF_GetCode(status_);
  if (code != 0) throw Failure(code, std::string(what) + ": " + TF_Message(status_));
}

// Calls `work`. An exception becomes a status, which `fail(status)` gets.
template <typename Work, typename Fail>
void guarded(const Work& work, const Fail& fail) noexcept {
  const auto tell = [&](int code, const char* message) {
    const Status status;
    TF_SetStatus(status, code, message);
    fail(status);
  };
  try {
    work();
  } catch (const Failure& failure) {
    tell(failure.code, failure.what());
  } catch (const std::bad_alloc&) {
    tell(kResourceExhausted, "A kernel is out of memory.");
  } catch (const std::invalid_argument& error) {
    tell(kInvalidArgument, error.what());
  } catch (const std::exception& error) {
    tell(kInternal, error.what());
  }
}

// Inputs and outputs of one call; frees its handles.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context) {}
  ~Call() {
    for (TF_Tensor* tensor : held_) TF_DeleteTensor(tensor);
  }
  Call(const Call&) = delete;

  Shape shape(int index) {
    const TF_Tensor* tensor = input(index);
    Shape shape;
    for (int i = 0; i < TF_NumDims(tensor); ++i) shape.push_back(TF_Dim(tensor, i));
    return shape;
  }

  // Returns the shape of an input with maps. Throws std::invalid_argument where it has none.
  Shape maps(int index, const char* name) {
    const Shape shape = this->shape(index);
    require_maps(name, shape);
    return shape;
  }

  // Returns the numbers of an input. Throws std::invalid_argument for another shape.
  template <typename T>
  const T* values(int index, const char* name, const Shape& expected) {
    require_shape(name, shape(index), expected);
    return static_cast<const T*>(TF_TensorData(input(index)));
  }

  template <typename T>
  T* output(int index, const Shape& shape) {
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    TF_Tensor* tensor =
        TF_AllocateOutput(context_, index, kType<T>, shape.data(), static_cast<int>(shape.size()),
                          count * sizeof(T), status_);
    status_.check("TF_AllocateOutput");
    held_.push_back(tensor);
    return static_cast<T*>(TF_TensorData(tensor));
  }

 private:
  const TF_Tensor* input(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    status_.check("TF_GetInput");
    held_.push_back(tensor);
    return tensor;
  }

  TF_OpKernelContext* context_;
  Status status_;
  std::vector<TF_Tensor*> held_;
};

}  // namespace ktg
