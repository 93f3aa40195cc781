// Dropout whose mask is a function of a seed and of the element's index: made anew for the gradient instead of kept, and the same for
// any number of threads.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <torch/autograd.h>
#include <torch/types.h>

#include <cmath>

#include "guard.h"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

namespace {

constexpr int64_t GRAIN = 1 << 14;

// y[i] = x[i] · scale where the hash of (seed, i) is at least `threshold`, else 0. The hash is a 32-bit mixer with two multiplications
// (Wellons 2018, "Prospecting for Hash Functions": lowbias32).
FOR_EACH_PROCESSOR
void mask(const float* x, float* y, int64_t begin, int64_t end, uint32_t seed, uint32_t threshold, float scale) {
    for (int64_t index = begin; index < end; index++) {
        uint32_t hash = static_cast<uint32_t>(index) ^ seed;
        hash ^= hash >> 16;
        hash *= 0x7feb352dU;
        hash ^= hash >> 15;
        hash *= 0x846ca68bU;
        hash ^= hash >> 16;
        y[index] = hash >= threshold ? x[index] * scale : 0.0f;
    }
}

torch::Tensor masked(const torch::Tensor& x, int64_t seed, double probability) {
    auto given = x.contiguous();
    auto result = torch::empty_like(given);
    const float* from = given.const_data_ptr<float>();
    float* to = result.mutable_data_ptr<float>();
    auto threshold = static_cast<uint32_t>(std::llround(probability * 4294967296.0));
    auto scale = static_cast<float>(1.0 / (1.0 - probability));
    at::parallel_for(0, given.numel(), GRAIN, [&](int64_t begin, int64_t end) {
        mask(from, to, begin, end, static_cast<uint32_t>(seed), threshold, scale);
    });
    return result;
}

struct Dropout : torch::autograd::Function<Dropout> {
    static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x, int64_t seed, double probability) {
        context->saved_data["seed"] = seed;
        context->saved_data["probability"] = probability;
        return masked(x, seed, probability);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradient) {
        auto seed = context->saved_data["seed"].toInt();
        auto probability = context->saved_data["probability"].toDouble();
        return {masked(gradient[0], seed, probability), torch::Tensor(), torch::Tensor()};
    }
};

}  // namespace

// The seed is the next number of libtorch's generator. Tensors that are not fp32 on the processor are libtorch's own affair.
extern "C" char* finetop_dropout(const torch::Tensor* x, double probability, torch::Tensor** result) {
    return guarded([&] {
        if (!x->device().is_cpu() || x->scalar_type() != torch::kFloat || probability >= 1.0) {
            *result = new torch::Tensor(torch::dropout(*x, probability, true));
            return;
        }
        auto generator = at::detail::getDefaultCPUGenerator();
        int64_t seed;
        {
            std::scoped_lock lock(generator.mutex());
            seed = at::check_generator<at::CPUGeneratorImpl>(generator)->random();
        }
        *result = new torch::Tensor(Dropout::apply(*x, seed, probability));
    });
}
