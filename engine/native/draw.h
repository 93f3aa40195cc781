// Dropout as the kernels take it, from a generator that each thread has for itself: several may compute side by side.

#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <torch/types.h>

#include <cmath>

#include "kernels/kernels.h"

// Whether the kernels can take these numbers.
inline bool is_plain(const torch::Tensor& x) { return x.device().is_cpu() && x.scalar_type() == torch::kFloat; }

inline at::CPUGeneratorImpl& generator() {
    thread_local at::Generator own = at::detail::createCPUGenerator();
    return *at::check_generator<at::CPUGeneratorImpl>(own);
}

// A dropout of `probability`, below 1, with the generator's next number as its seed; one that keeps all draws nothing.
inline finetop::Dropout draw(double probability) {
    if (probability <= 0.0) {
        return {};
    }
    uint32_t seed = generator().random();
    return {seed, static_cast<uint32_t>(std::llround(probability * 4294967296.0)), static_cast<float>(1.0 / (1.0 - probability))};
}

// What an autograd function keeps of it.
inline c10::IValue kept(finetop::Dropout dropout) {
    return std::vector<double>{static_cast<double>(dropout.seed), static_cast<double>(dropout.threshold), dropout.scale};
}

inline finetop::Dropout of_kept(const c10::IValue& value) {
    auto numbers = value.toDoubleVector();
    return {static_cast<uint32_t>(numbers[0]), static_cast<uint32_t>(numbers[1]), static_cast<float>(numbers[2])};
}

// Whether a gradient will be asked for of any.
inline bool is_watched(std::initializer_list<torch::Tensor> tensors) {
    return torch::GradMode::is_enabled() && std::any_of(tensors.begin(), tensors.end(), [](const torch::Tensor& x) { return x.requires_grad(); });
}
