// y + s · dropout(x) Aᵀ Bᵀ without a pass of its own for the scale, the sum or the kept input.

#include <ATen/Parallel.h>
#include <torch/autograd.h>

#include "draw.h"
#include "guard.h"

namespace {

constexpr int64_t GRAIN = 1 << 14;

// All rows of `x [..,n]` as `[rows,n]`.
torch::Tensor rows(const torch::Tensor& x) { return x.reshape({-1, x.size(-1)}); }

torch::Tensor masked(const torch::Tensor& x, finetop::Dropout dropout) {
    if (!dropout.acts()) {
        return x;
    }
    auto result = torch::empty_like(x);
    const float* from = x.const_data_ptr<float>();
    float* to = result.mutable_data_ptr<float>();
    at::parallel_for(0, x.numel(), GRAIN, [&](int64_t begin, int64_t end) { finetop::kernels().mask(from, to, begin, end, dropout); });
    return result;
}

struct LowRank : torch::autograd::Function<LowRank> {
    static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& y, const torch::Tensor& x,
                                 const torch::Tensor& a, const torch::Tensor& b, double scale, const c10::IValue& dropout) {
        auto given = rows(x).contiguous();
        auto low = at::mm(masked(given, of_kept(dropout)), a.t());  // [rows,R]
        context->save_for_backward({given, low, a, b});
        context->saved_data["scale"] = scale;
        context->saved_data["dropout"] = dropout;
        return at::addmm(rows(y), low, b.t(), 1.0, scale).view(y.sizes());
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        auto scale = context->saved_data["scale"].toDouble();
        auto dropout = of_kept(context->saved_data["dropout"]);
        auto gradient = rows(gradients[0]).contiguous();
        torch::Tensor of_x, of_a, of_b;
        auto of_low = at::mm(gradient, saved[3]) * scale;  // [rows,R]
        if (context->needs_input_grad(1)) {
            auto shape = gradients[0].sizes().vec();
            shape.back() = saved[0].size(1);
            of_x = masked(at::mm(of_low, saved[2]), dropout).view(shape);
        }
        if (context->needs_input_grad(2)) {
            of_a = at::mm(of_low.t(), masked(saved[0], dropout));
        }
        if (context->needs_input_grad(3)) {
            of_b = at::mm(gradient.t(), saved[1]) * scale;
        }
        return {gradients[0], of_x, of_a, of_b, torch::Tensor(), torch::Tensor()};
    }
};

}  // namespace

// `y` [..,out], `x` [..,in], `a` [R,in], `b` [out,R] in fp32 on the processor -> [..,out].
extern "C" char* finetop_low_rank(const torch::Tensor* y, const torch::Tensor* x, const torch::Tensor* a, const torch::Tensor* b, double scale,
                                  double probability, torch::Tensor** result) {
    return guarded([&] { *result = new torch::Tensor(LowRank::apply(*y, *x, *a, *b, scale, kept(draw(probability)))); });
}
