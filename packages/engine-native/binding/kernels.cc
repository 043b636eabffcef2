// Operations that TensorFlow does not have, through its C API for kernels. A module of its own, because operations can be
// registered only once TensorFlow's libraries have initialised themselves, and the binding starts before them.

#include <node_api.h>

#include <cstdint>
#include <initializer_list>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace {

class Status {
 public:
  Status() : status_(TF_NewStatus()) {}
  ~Status() { TF_DeleteStatus(status_); }
  operator TF_Status*() { return status_; }
  bool ok() const { return TF_GetCode(status_) == TF_OK; }
  const char* message() const { return TF_Message(status_); }

 private:
  TF_Status* status_;
};

class Input {
 public:
  Input(TF_OpKernelContext* context, int index, TF_Status* status) {
    if (TF_GetCode(status) == TF_OK) TF_GetInput(context, index, &tensor_, status);
  }
  ~Input() {
    if (tensor_ != nullptr) TF_DeleteTensor(tensor_);
  }
  const float* values() const { return static_cast<const float*>(TF_TensorData(tensor_)); }
  int64_t count() const { return TF_TensorElementCount(tensor_); }
  TF_Tensor* tensor() const { return tensor_; }

 private:
  TF_Tensor* tensor_ = nullptr;
};

/** Memory for an output of the shape of an input: that input's own where nobody else needs it. */
class Output {
 public:
  Output(TF_OpKernelContext* context, int index, const Input& like, int reusable, TF_Status* status) {
    const int rank = TF_NumDims(like.tensor());
    std::vector<int64_t> sides(rank);
    for (int axis = 0; axis < rank; axis++) sides[axis] = TF_Dim(like.tensor(), axis);
    int forwarded = -1;
    tensor_ = TF_ForwardInputOrAllocateOutput(context, &reusable, 1, index, sides.data(), rank, &forwarded, status);
  }
  ~Output() {
    if (tensor_ != nullptr) TF_DeleteTensor(tensor_);
  }
  float* values() const { return static_cast<float*>(TF_TensorData(tensor_)); }

 private:
  TF_Tensor* tensor_ = nullptr;
};

/** A step of stochastic gradient descent with momentum: one pass over memory instead of eight. */
struct MomentumUpdate {
  float momentum = 0;
  float weightDecay = 0;
  TF_Bool nesterov = 0;

  static void* create(TF_OpKernelConstruction* construction) {
    Status status;
    auto* update = new MomentumUpdate;
    TF_OpKernelConstruction_GetAttrFloat(construction, "momentum", &update->momentum, status);
    if (status.ok())
      TF_OpKernelConstruction_GetAttrFloat(construction, "weight_decay", &update->weightDecay, status);
    if (status.ok()) TF_OpKernelConstruction_GetAttrBool(construction, "nesterov", &update->nesterov, status);
    if (!status.ok()) TF_OpKernelConstruction_Failure(construction, status);
    return update;
  }

  static void compute(void* kernel, TF_OpKernelContext* context) {
    Status status;
    const Input parameter(context, 0, status);
    const Input gradient(context, 1, status);
    const Input velocity(context, 2, status);
    const Input rate(context, 3, status);
    if (!status.ok()) return TF_OpKernelContext_Failure(context, status);
    const int64_t count = parameter.count();
    if (gradient.count() != count || velocity.count() != count || rate.count() != 1) {
      TF_SetStatus(status, TF_INVALID_ARGUMENT, "parameter, gradient and velocity differ in size, or the rate is no scalar");
      return TF_OpKernelContext_Failure(context, status);
    }
    const Output nextParameter(context, 0, parameter, 1, status);
    if (!status.ok()) return TF_OpKernelContext_Failure(context, status);
    const Output nextVelocity(context, 1, velocity, 2, status);
    if (!status.ok()) return TF_OpKernelContext_Failure(context, status);
    static_cast<const MomentumUpdate*>(kernel)->run(count, parameter.values(), gradient.values(), velocity.values(),
                                                    *rate.values(), nextParameter.values(), nextVelocity.values());
  }

  static void remove(void* kernel) { delete static_cast<MomentumUpdate*>(kernel); }

  /** Rounds after each operation, so that the bits are those of the operations one by one. Outputs may lie on inputs. */
  void run(int64_t count, const float* parameter, const float* gradient, const float* velocity, float rate,
           float* nextParameter, float* nextVelocity) const {
    for (int64_t i = 0; i < count; i++) {
      const float decayed = gradient[i] + parameter[i] * weightDecay;
      const float moved = velocity[i] * momentum + decayed;
      const float direction = nesterov ? decayed + moved * momentum : moved;
      const float next = parameter[i] - direction * rate;
      nextVelocity[i] = moved;
      nextParameter[i] = next;
    }
  }
};

void copyShapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  for (int index : {0, 1}) {
    TF_ShapeHandle* shape = TF_NewShapeHandle();
    TF_ShapeInferenceContextGetInput(context, index == 0 ? 0 : 2, shape, status);
    if (TF_GetCode(status) == TF_OK) TF_ShapeInferenceContextSetOutput(context, index, shape, status);
    TF_DeleteShapeHandle(shape);
  }
}

void registerMomentumUpdate(TF_Status* status) {
  TF_OpDefinitionBuilder* operation = TF_NewOpDefinitionBuilder("M2lMomentumUpdate");
  for (const char* input : {"parameter: float", "gradient: float", "velocity: float", "rate: float"})
    TF_OpDefinitionBuilderAddInput(operation, input);
  for (const char* output : {"next_parameter: float", "next_velocity: float"})
    TF_OpDefinitionBuilderAddOutput(operation, output);
  for (const char* attribute : {"momentum: float", "weight_decay: float", "nesterov: bool"})
    TF_OpDefinitionBuilderAddAttr(operation, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(operation, copyShapes);
  TF_RegisterOpDefinition(operation, status);
  if (TF_GetCode(status) != TF_OK) return;
  TF_KernelBuilder* kernel = TF_NewKernelBuilder("M2lMomentumUpdate", "CPU", MomentumUpdate::create,
                                                 MomentumUpdate::compute, MomentumUpdate::remove);
  TF_RegisterKernelBuilder("M2lMomentumUpdate", kernel, status);
}

}  // namespace

/** Registers the operations, once in a process; `exports.fault` says why where that fails. */
NAPI_MODULE_INIT() {
  static Status status;
  static const bool once = [] {
    registerMomentumUpdate(status);
    return true;
  }();
  (void)once;
  if (!status.ok()) {
    napi_value fault;
    napi_create_string_utf8(env, status.message(), NAPI_AUTO_LENGTH, &fault);
    napi_set_named_property(env, exports, "fault", fault);
  }
  return exports;
}
