// How libtorch multiplies fp32 matrices on the processor; tch has no name for it.

#include <ATen/Context.h>

// Whether oneDNN multiplies fp32 matrices (true) or MKL does (false). libtorch's switch for that is called bf16, since on processors
// with matrix units oneDNN would round the factors; the caller sees to it that this one has none.
extern "C" void finetop_multiply_with_onednn(bool is_on) {
    at::globalContext().setFloat32Precision(at::Float32Backend::MKLDNN, at::Float32Op::MATMUL,
                                            is_on ? at::Float32Precision::BF16 : at::Float32Precision::IEEE);
}
