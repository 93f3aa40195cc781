// Dropout, residual and layer norm in one pass over the rows, and one for the gradient.

#include <ATen/Parallel.h>
#include <torch/autograd.h>

#include "draw.h"
#include "guard.h"

namespace {

// Rows whose shares of the gradients of weight and bias are summed apart: the same for any number of threads.
constexpr int64_t ROWS_TOGETHER = 32;

void for_blocks(int64_t n_rows, const std::function<void(int64_t block, int64_t begin, int64_t end)>& body) {
    int64_t n_blocks = (n_rows + ROWS_TOGETHER - 1) / ROWS_TOGETHER;
    at::parallel_for(0, n_blocks, 1, [&](int64_t first, int64_t last) {
        for (int64_t block = first; block < last; block++) {
            body(block, block * ROWS_TOGETHER, std::min(n_rows, (block + 1) * ROWS_TOGETHER));
        }
    });
}

struct AddNorm : torch::autograd::Function<AddNorm> {
    static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& h, const torch::Tensor& x,
                                 const torch::Tensor& weight, const torch::Tensor& bias, double epsilon, const c10::IValue& dropout,
                                 bool keeps) {
        auto given_h = h.contiguous(), given_x = x.contiguous();
        auto y = torch::empty_like(given_x);
        int64_t width = x.size(-1), n_rows = width == 0 ? 0 : x.numel() / width;
        torch::Tensor normal, deviation;
        finetop::AddNorm work = {given_h.const_data_ptr<float>(), given_x.const_data_ptr<float>(), weight.const_data_ptr<float>(),
                                 bias.const_data_ptr<float>(),    y.mutable_data_ptr<float>(),     nullptr,
                                 nullptr,                         width,                           static_cast<float>(epsilon),
                                 of_kept(dropout)};
        if (keeps) {
            normal = torch::empty_like(given_x);
            deviation = torch::empty({n_rows}, given_x.options());
            work.normal = normal.mutable_data_ptr<float>();
            work.deviation = deviation.mutable_data_ptr<float>();
        }
        for_blocks(n_rows, [&](int64_t, int64_t begin, int64_t end) { finetop::kernels().add_norm(work, begin, end); });
        context->save_for_backward({normal, deviation, weight});
        context->saved_data["dropout"] = dropout;
        return y;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        auto gradient = gradients[0].contiguous();
        auto of_x = torch::empty_like(gradient);
        auto of_h = of_x;
        int64_t width = gradient.size(-1), n_rows = width == 0 ? 0 : gradient.numel() / width;
        finetop::AddNormGradient work = {gradient.const_data_ptr<float>(), saved[0].const_data_ptr<float>(), saved[1].const_data_ptr<float>(),
                                         saved[2].const_data_ptr<float>(), nullptr,                          of_x.mutable_data_ptr<float>(),
                                         width,                            of_kept(context->saved_data["dropout"])};
        if (work.dropout.acts() && context->needs_input_grad(0)) {
            of_h = torch::empty_like(gradient);
            work.of_h = of_h.mutable_data_ptr<float>();
        }
        torch::Tensor of_weight, of_bias;
        bool trains = context->needs_input_grad(2) || context->needs_input_grad(3);
        if (trains) {
            int64_t n_blocks = (n_rows + ROWS_TOGETHER - 1) / ROWS_TOGETHER;
            of_weight = torch::zeros({n_blocks, width}, gradient.options());
            of_bias = torch::zeros({n_blocks, width}, gradient.options());
        }
        float* to_weight = trains ? of_weight.mutable_data_ptr<float>() : nullptr;
        float* to_bias = trains ? of_bias.mutable_data_ptr<float>() : nullptr;
        for_blocks(n_rows, [&](int64_t block, int64_t begin, int64_t end) {
            finetop::kernels().add_norm_gradient(work, begin, end, trains ? to_weight + block * width : nullptr,
                                                 trains ? to_bias + block * width : nullptr);
        });
        if (trains) {
            of_weight = of_weight.sum(0);
            of_bias = of_bias.sum(0);
        }
        return {of_h, of_x, of_weight, of_bias, torch::Tensor(), torch::Tensor(), torch::Tensor()};
    }
};

}  // namespace

// The layer norm, with `weight` and `bias` [H], of dropout(h) + x, `h` and `x` [..,H].
extern "C" char* finetop_add_norm(const torch::Tensor* h, const torch::Tensor* x, const torch::Tensor* weight, const torch::Tensor* bias,
                                  double epsilon, double probability, torch::Tensor** result) {
    return guarded([&] {
        if (!is_plain(*h) || probability >= 1.0) {
            auto sum = torch::dropout(*h, probability, probability > 0.0) + *x;
            *result = new torch::Tensor(torch::layer_norm(sum, weight->sizes(), *weight, *bias, epsilon));
            return;
        }
        bool keeps = is_watched({*h, *x, *weight, *bias});
        *result = new torch::Tensor(AddNorm::apply(*h, *x, *weight, *bias, epsilon, kept(draw(probability)), keeps));
    });
}
