// How libtorch multiplies fp32 matrices on the processor; tch has no name for it.

#include <ATen/Context.h>
#include <dlfcn.h>

// Whether oneDNN multiplies fp32 matrices (true) or MKL does (false). libtorch's switch for that is called bf16, since on processors
// with matrix units oneDNN would round the factors; the caller sees to it that this one has none.
extern "C" void finetop_multiply_with_onednn(bool is_on) {
    at::globalContext().setFloat32Precision(at::Float32Backend::MKLDNN, at::Float32Op::MATMUL,
                                            is_on ? at::Float32Precision::BF16 : at::Float32Precision::IEEE);
}

// MKL's products have the same bits wherever in memory the factors lie, from the next on. Its function for that is in libtorch, without a header.
extern "C" void finetop_repeat_products_of_mkl() {
    constexpr int kAutomaticBranch = 2;
    auto set = reinterpret_cast<int (*)(int)>(dlsym(RTLD_DEFAULT, "mkl_serv_cbwr_set"));
    if (set != nullptr) {
        set(kAutomaticBranch);
    }
}
