// A linear layer that multiplies in bf16: inputs, weight and output rounded, the gradients as well, all else in fp32. Where the next layer rounds
// what comes out, and nothing else reads it, it stays in bf16: half the bytes to write and to read.

#include <torch/autograd.h>
#include <torch/types.h>

#include "guard.h"

namespace {

constexpr auto ROUNDED = torch::kBFloat16;

// All rows of `x [..,n]` as `[rows,n]`.
torch::Tensor rows(const torch::Tensor& x) { return x.reshape({-1, x.size(-1)}); }

struct Linear : torch::autograd::Function<Linear> {
    // `kept` is the weight in bf16, where it is kept. `x` and its gradient are both in fp32 or both in bf16.
    static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x, const torch::Tensor& weight,
                                 const torch::Tensor& bias, const std::optional<torch::Tensor>& kept, bool stays_rounded) {
        auto rounded_x = x.to(ROUNDED);
        auto rounded_weight = kept ? *kept : weight.to(ROUNDED);
        context->save_for_backward({weight.requires_grad() ? rounded_x : torch::Tensor(), rounded_weight});
        context->saved_data["kind"] = x.scalar_type();
        auto result = at::linear(rounded_x, rounded_weight, bias.to(ROUNDED));
        return stays_rounded ? result : result.to(torch::kFloat);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        auto gradient = gradients[0];
        auto rounded = gradient.to(ROUNDED);
        torch::Tensor of_x, of_weight, of_bias;
        if (context->needs_input_grad(0)) {
            of_x = at::matmul(rounded, saved[1]).to(context->saved_data["kind"].toScalarType());
        }
        if (context->needs_input_grad(1)) {
            of_weight = at::mm(rows(rounded).t(), rows(saved[0])).to(torch::kFloat);
        }
        if (context->needs_input_grad(2)) {
            of_bias = rows(gradient).sum(0, /*keepdim=*/false, torch::kFloat);
        }
        return {of_x, of_weight, of_bias, torch::Tensor(), torch::Tensor()};
    }
};

}  // namespace

// `x [..,in]` in fp32 or bf16, `weight [out,in]` and `bias [out]` in fp32 -> `[..,out]` in fp32, or in bf16 where it `stays_rounded`; `kept` is null
// or the weight in bf16.
extern "C" char* finetop_linear_in_bf16(const torch::Tensor* x, const torch::Tensor* weight, const torch::Tensor* bias,
                                        const torch::Tensor* kept, bool stays_rounded, torch::Tensor** result) {
    return guarded([&] {
        auto rounded = kept == nullptr ? std::nullopt : std::optional<torch::Tensor>(*kept);
        *result = new torch::Tensor(Linear::apply(*x, *weight, *bias, rounded, stays_rounded));
    });
}
