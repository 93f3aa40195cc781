// AdamW in one pass: over many tensors by libtorch's own kernel, for which tch has no name; over a table of which few rows have a gradient by ours.

#include <ATen/Parallel.h>
#include <ATen/ops/_fused_adamw.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "guard.h"
#include "kernels/kernels.h"

namespace finetop {

// Numbers of one update, laid out as in `native.rs`; gradients are divided by `gradient_divisor` first, on the way.
struct Update {
    uint64_t step;
    double learning_rate;
    double betas[2];
    double weight_decay;
    double epsilon;
    double gradient_divisor;
};

}  // namespace finetop

namespace {

// Rows that are worth a thread.
constexpr int64_t GRAIN = 256;

}  // namespace

// The tensors of one learning rate and weight decay.
extern "C" char* finetop_adamw(torch::Tensor** parameters, torch::Tensor** gradients, torch::Tensor** first_moments,
                               torch::Tensor** second_moments, int64_t n_tensors, const finetop::Update* update) {
    return guarded([&] {
        const auto& [step, learning_rate, betas, weight_decay, epsilon, gradient_divisor] = *update;
        std::vector<torch::Tensor> lists[4];
        torch::Tensor** given[4] = {parameters, gradients, first_moments, second_moments};
        for (int list = 0; list < 4; list++) {
            for (int64_t index = 0; index < n_tensors; index++) {
                lists[list].push_back(*given[list][index]);
            }
        }
        torch::NoGradGuard no_gradient;
        auto options = torch::TensorOptions().dtype(torch::kFloat).device(lists[0][0].device());
        std::vector<torch::Tensor> steps(n_tensors, torch::full({}, static_cast<double>(step), options));
        std::optional<torch::Tensor> divisor;
        if (gradient_divisor != 1.0) {
            divisor = torch::full({}, gradient_divisor, options);
        }
        at::_fused_adamw_(lists[0], lists[1], lists[2], lists[3], {}, steps, learning_rate, betas[0], betas[1], weight_decay, epsilon,
                          /*amsgrad=*/false, /*maximize=*/false, divisor, std::nullopt);
    });
}

// The same update of a table `parameter [rows,width]` in fp32 on the processor by a sparse gradient. `seen [rows]` tells which rows have moments
// other than zero, and is kept up: of the others only weight decay is left to do, where there is any.
extern "C" char* finetop_adamw_rows(torch::Tensor* parameter, const torch::Tensor* gradient, torch::Tensor* first_moment,
                                    torch::Tensor* second_moment, torch::Tensor* seen, const finetop::Update* update) {
    return guarded([&] {
        auto joined = gradient->coalesce();
        auto rows = joined.indices()[0].contiguous();
        auto values = joined.values().contiguous();
        const int64_t* row_of = rows.const_data_ptr<int64_t>();
        const float* slopes = values.const_data_ptr<float>();
        const int64_t n_given = rows.size(0), width = parameter->size(1);
        float* parameters = parameter->mutable_data_ptr<float>();
        float* first = first_moment->mutable_data_ptr<float>();
        float* second = second_moment->mutable_data_ptr<float>();
        bool* is_seen = seen->mutable_data_ptr<bool>();
        const double step = static_cast<double>(update->step);
        const finetop::AdamW by = {static_cast<float>(1.0 - update->learning_rate * update->weight_decay),
                                   static_cast<float>(update->betas[0]),
                                   static_cast<float>(update->betas[1]),
                                   static_cast<float>(update->learning_rate / (1.0 - std::pow(update->betas[0], step))),
                                   static_cast<float>(std::sqrt(1.0 - std::pow(update->betas[1], step))),
                                   static_cast<float>(update->epsilon),
                                   static_cast<float>(update->gradient_divisor)};
        at::parallel_for(0, parameter->size(0), GRAIN, [&](int64_t begin, int64_t end) {
            int64_t given = std::lower_bound(row_of, row_of + n_given, begin) - row_of;
            for (int64_t row = begin; row < end; row++) {
                const int64_t at = row * width;
                const bool has_gradient = given < n_given && row_of[given] == row;
                if (has_gradient || is_seen[row]) {
                    const float* slope = has_gradient ? slopes + given * width : nullptr;
                    finetop::kernels().adamw(parameters + at, slope, first + at, second + at, width, by);
                    is_seen[row] = true;
                } else if (update->weight_decay != 0.0) {
                    finetop::kernels().decay(parameters + at, width, by.kept);
                }
                given += has_gradient;
            }
        });
    });
}
