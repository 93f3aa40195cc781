// The end of a training step on a GPU, without a figure that the processor would have to know: norm, clipping, update. What is not finite
// stops the update, and every later one.

#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>
#include <torch/types.h>

#include "guard.h"

namespace {

std::vector<torch::Tensor> list(torch::Tensor** tensors, int64_t n_tensors) {
    std::vector<torch::Tensor> result;
    for (int64_t index = 0; index < n_tensors; index++) {
        result.push_back(*tensors[index]);
    }
    return result;
}

}  // namespace

// Writes `loss []` and the norm of all gradients into `figures [2]`; what gradients are to be divided by so that their norm is at most
// `limit` into `divisor []`; 1 into `is_bad []` where a figure is not finite.
extern "C" char* finetop_judge_step(torch::Tensor** gradients, int64_t n_tensors, const torch::Tensor* loss, double limit,
                                    torch::Tensor* figures, torch::Tensor* divisor, torch::Tensor* is_bad) {
    return guarded([&] {
        torch::NoGradGuard no_gradient;
        auto norms = at::_foreach_norm(list(gradients, n_tensors), 2);
        auto norm = norms.empty() ? torch::zeros_like(*loss) : torch::stack(norms).norm();
        at::stack_out(*figures, {*loss, norm});
        // A sum with something that is not finite is not finite.
        is_bad->copy_(torch::maximum(*is_bad, torch::isfinite(figures->sum()).logical_not().to(torch::kFloat)));
        divisor->copy_(((norm + 1e-6) / limit).clamp_min(1.0));
    });
}

// As `finetop_adamw`, with step, learning rate and divisor on the GPU too; nothing happens where `is_bad` is 1.
extern "C" char* finetop_adamw_unseen(torch::Tensor** parameters, torch::Tensor** gradients, torch::Tensor** first_moments,
                                      torch::Tensor** second_moments, int64_t n_tensors, const torch::Tensor* step,
                                      const torch::Tensor* learning_rate, double beta1, double beta2, double weight_decay, double epsilon,
                                      const torch::Tensor* divisor, const torch::Tensor* is_bad) {
    return guarded([&] {
        torch::NoGradGuard no_gradient;
        at::_fused_adamw_(list(parameters, n_tensors), list(gradients, n_tensors), list(first_moments, n_tensors),
                          list(second_moments, n_tensors), {}, std::vector<torch::Tensor>(n_tensors, *step), *learning_rate, beta1, beta2,
                          weight_decay, epsilon, /*amsgrad=*/false, /*maximize=*/false, *divisor, *is_bad);
    });
}
