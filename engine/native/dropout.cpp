// Dropout whose mask is a function of a seed and of the element's index: made anew for the gradient instead of kept, and the same for
// any number of threads.

#include <ATen/Parallel.h>
#include <torch/autograd.h>

#include "draw.h"
#include "guard.h"

namespace {

constexpr int64_t GRAIN = 1 << 14;

torch::Tensor masked(const torch::Tensor& x, finetop::Dropout dropout) {
    auto given = x.contiguous();
    auto result = torch::empty_like(given);
    const float* from = given.const_data_ptr<float>();
    float* to = result.mutable_data_ptr<float>();
    at::parallel_for(0, given.numel(), GRAIN, [&](int64_t begin, int64_t end) { finetop::kernels().mask(from, to, begin, end, dropout); });
    return result;
}

struct Dropout : torch::autograd::Function<Dropout> {
    static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x, const c10::IValue& dropout) {
        context->saved_data["dropout"] = dropout;
        return masked(x, of_kept(dropout));
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradient) {
        return {masked(gradient[0], of_kept(context->saved_data["dropout"])), torch::Tensor()};
    }
};

}  // namespace

// The seed is the next number of libtorch's generator. Tensors that are not fp32 on the processor are libtorch's own affair.
extern "C" char* finetop_dropout(const torch::Tensor* x, double probability, torch::Tensor** result) {
    return guarded([&] {
        if (!is_plain(*x) || probability >= 1.0) {
            *result = new torch::Tensor(torch::dropout(*x, probability, true));
            return;
        }
        *result = new torch::Tensor(Dropout::apply(*x, kept(draw(probability))));
    });
}
