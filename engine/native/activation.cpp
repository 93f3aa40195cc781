// GELU in one pass that keeps its input alone, in fp32 or bf16.

#include <ATen/Parallel.h>
#include <torch/autograd.h>

#include "draw.h"
#include "guard.h"

namespace {

constexpr int64_t GRAIN = 1 << 14;

const finetop::BFloat16* numbers(const torch::Tensor& x) { return static_cast<const finetop::BFloat16*>(x.const_data_ptr()); }
finetop::BFloat16* numbers_of(torch::Tensor& x) { return static_cast<finetop::BFloat16*>(x.mutable_data_ptr()); }

struct Gelu : torch::autograd::Function<Gelu> {
    static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x) {
        auto given = x.contiguous();
        auto y = torch::empty_like(given);
        at::parallel_for(0, given.numel(), GRAIN, [&](int64_t begin, int64_t end) {
            if (is_plain(given)) {
                finetop::kernels().gelu(given.const_data_ptr<float>(), y.mutable_data_ptr<float>(), begin, end);
            } else {
                finetop::kernels().gelu_in_bf16(numbers(given), numbers_of(y), begin, end);
            }
        });
        context->save_for_backward({given});
        return y;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        auto x = context->get_saved_variables()[0];
        auto gradient = gradients[0].contiguous();
        auto of_x = torch::empty_like(x);
        at::parallel_for(0, x.numel(), GRAIN, [&](int64_t begin, int64_t end) {
            if (is_plain(x)) {
                finetop::kernels().gelu_gradient(gradient.const_data_ptr<float>(), x.const_data_ptr<float>(),
                                                 of_x.mutable_data_ptr<float>(), begin, end);
            } else {
                finetop::kernels().gelu_gradient_in_bf16(numbers(gradient), numbers(x), numbers_of(of_x), begin, end);
            }
        });
        return {of_x};
    }
};

}  // namespace

// x Φ(x) in the kind of `x`. What is neither fp32 nor bf16 on the processor is libtorch's own affair.
extern "C" char* finetop_gelu(const torch::Tensor* x, torch::Tensor** result) {
    return guarded([&] {
        bool is_ours = x->device().is_cpu() && (x->scalar_type() == torch::kFloat || x->scalar_type() == torch::kBFloat16);
        *result = new torch::Tensor(is_ours ? Gelu::apply(*x) : torch::gelu(*x));
    });
}
