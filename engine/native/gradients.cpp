// Gradients as values: taken away, given, and computed without being added to what a tensor has.

#include <torch/autograd.h>
#include <torch/types.h>

#include "guard.h"

// Takes the gradients away: the next backward pass makes new ones instead of adding.
extern "C" char* finetop_drop_gradients(torch::Tensor** tensors, int64_t n_tensors) {
    return guarded([&] {
        for (int64_t index = 0; index < n_tensors; index++) {
            tensors[index]->mutable_grad().reset();
        }
    });
}

// Gives tensors these gradients.
extern "C" char* finetop_set_gradients(torch::Tensor** tensors, torch::Tensor** gradients, int64_t n_tensors) {
    return guarded([&] {
        for (int64_t index = 0; index < n_tensors; index++) {
            tensors[index]->mutable_grad() = *gradients[index];
        }
    });
}

// The gradient of `of []` by each of the tensors, undefined where it does not depend on it. The tensors stay as they are.
extern "C" char* finetop_gradients(const torch::Tensor* of, torch::Tensor** tensors, int64_t n_tensors, torch::Tensor** results) {
    return guarded([&] {
        std::vector<torch::Tensor> inputs;
        for (int64_t index = 0; index < n_tensors; index++) {
            inputs.push_back(*tensors[index]);
        }
        auto gradients = torch::autograd::grad({*of}, inputs, {}, std::nullopt, false, true);
        for (int64_t index = 0; index < n_tensors; index++) {
            results[index] = new torch::Tensor(std::move(gradients[index]));
        }
    });
}

// Whether the elements of a tensor lie one after another in memory that no other tensor has; a sparse one is never added to in its place.
extern "C" bool finetop_is_own(const torch::Tensor* tensor) {
    if (tensor->is_sparse()) {
        return true;
    }
    return tensor->is_contiguous() && tensor->use_count() == 1 && tensor->storage().use_count() == 1;
}

// The rows of a sparse gradient that are given more than once are added up, in their order.
extern "C" char* finetop_join_rows(torch::Tensor** tensors, int64_t n_tensors) {
    return guarded([&] {
        torch::NoGradGuard no_gradient;
        for (int64_t index = 0; index < n_tensors; index++) {
            auto& gradient = tensors[index]->mutable_grad();
            if (gradient.defined() && gradient.is_sparse()) {
                gradient = gradient.coalesce();
            }
        }
    });
}
