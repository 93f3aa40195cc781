// One pass of AdamW over many tensors: libtorch's own kernel, for which tch has no name.

#include <ATen/ops/_fused_adamw.h>
#include <torch/types.h>

#include "guard.h"

// The tensors of one learning rate and weight decay; gradients are divided by `gradient_divisor` first, on the way.
extern "C" char* finetop_adamw(torch::Tensor** parameters, torch::Tensor** gradients, torch::Tensor** first_moments,
                               torch::Tensor** second_moments, int64_t n_tensors, double step, double learning_rate, double beta1,
                               double beta2, double weight_decay, double epsilon, double gradient_divisor) {
    return guarded([&] {
        std::vector<torch::Tensor> lists[4];
        torch::Tensor** given[4] = {parameters, gradients, first_moments, second_moments};
        for (int list = 0; list < 4; list++) {
            for (int64_t index = 0; index < n_tensors; index++) {
                lists[list].push_back(*given[list][index]);
            }
        }
        torch::NoGradGuard no_gradient;
        auto options = torch::TensorOptions().dtype(torch::kFloat).device(lists[0][0].device());
        std::vector<torch::Tensor> steps(n_tensors, torch::full({}, step, options));
        std::optional<torch::Tensor> divisor;
        if (gradient_divisor != 1.0) {
            divisor = torch::full({}, gradient_divisor, options);
        }
        at::_fused_adamw_(lists[0], lists[1], lists[2], lists[3], {}, steps, learning_rate, beta1, beta2, weight_decay, epsilon,
                          /*amsgrad=*/false, /*maximize=*/false, divisor, std::nullopt);
    });
}
