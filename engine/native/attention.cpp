// Attention of all heads on the vectors where the linear layers left them: no copies by head, no probabilities kept for the gradient.

#include <ATen/Parallel.h>
#include <torch/autograd.h>

#include "draw.h"
#include "guard.h"

namespace {

// The heads of a batch: `query` [B,R,H], `key` and `value` [B,K,H], of which the first `lengths[b]` count.
struct Heads {
    torch::Tensor query, key, value;
    std::vector<int64_t> lengths;
    int64_t n_heads;
    finetop::Dropout dropout;

    int64_t n_readers() const { return query.size(1); }
    int64_t n_keys() const { return key.size(1); }
    int64_t hidden() const { return query.size(2); }

    // Where the vectors of head `index`, counted over rows and heads, begin among `n` vectors a row.
    int64_t offset(int64_t index, int64_t n) const {
        return index / n_heads * n * hidden() + index % n_heads * (hidden() / n_heads);
    }

    finetop::Head head(int64_t index) const {
        return {query.const_data_ptr<float>() + offset(index, n_readers()),
                key.const_data_ptr<float>() + offset(index, n_keys()),
                value.const_data_ptr<float>() + offset(index, n_keys()),
                n_readers(),
                lengths[index / n_heads],
                n_keys(),
                hidden() / n_heads,
                hidden(),
                static_cast<uint32_t>(index * n_readers() * n_keys()),
                dropout};
    }

    // Calls `body` with every head and room for its work.
    template <typename Body>
    void for_each(Body body) const {
        at::parallel_for(0, query.size(0) * n_heads, 1, [&](int64_t begin, int64_t end) {
            std::vector<float> room;
            for (int64_t index = begin; index < end; index++) {
                auto work = head(index);
                room.resize(std::max<size_t>(room.size(), finetop::kernels().head_room(work)));
                body(index, work, room.data());
            }
        });
    }
};

// How many keys of every row count: `mask` [B,1,1,K] is below zero at padding, which comes last.
std::vector<int64_t> lengths(const std::optional<torch::Tensor>& mask, int64_t n_rows, int64_t n_keys) {
    std::vector<int64_t> result(n_rows, n_keys);
    if (!mask) {
        return result;
    }
    auto given = mask->reshape({-1, n_keys}).contiguous();
    const float* numbers = given.const_data_ptr<float>();
    for (int64_t row = 0; row < n_rows; row++) {
        while (result[row] > 1 && numbers[row * n_keys + result[row] - 1] < 0.0f) {
            result[row]--;
        }
    }
    return result;
}

struct Attention : torch::autograd::Function<Attention> {
    static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& query, const torch::Tensor& key,
                                 const torch::Tensor& value, const std::vector<int64_t>& lengths, int64_t n_heads,
                                 const c10::IValue& dropout, bool keeps) {
        Heads heads = {query.contiguous(), key.contiguous(), value.contiguous(), lengths, n_heads, of_kept(dropout)};
        auto result = torch::empty_like(heads.query);
        float* to = result.mutable_data_ptr<float>();
        auto log_sums = keeps ? torch::empty({query.size(0) * n_heads, query.size(1)}, result.options()) : torch::Tensor();
        float* to_log_sums = keeps ? log_sums.mutable_data_ptr<float>() : nullptr;
        heads.for_each([&](int64_t index, const finetop::Head& head, float* room) {
            float* log_sum = keeps ? to_log_sums + index * head.readers : nullptr;
            finetop::kernels().head(head, {to + heads.offset(index, head.readers), log_sum}, room);
        });
        if (keeps) {
            context->save_for_backward({heads.query, heads.key, heads.value, log_sums});
            context->saved_data["lengths"] = lengths;
            context->saved_data["n_heads"] = n_heads;
            context->saved_data["dropout"] = dropout;
        }
        return result;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        Heads heads = {saved[0], saved[1], saved[2], context->saved_data["lengths"].toIntVector(), context->saved_data["n_heads"].toInt(),
                       of_kept(context->saved_data["dropout"])};
        auto gradient = gradients[0].contiguous();
        const float* from = gradient.const_data_ptr<float>();
        const float* log_sums = saved[3].const_data_ptr<float>();
        torch::Tensor results[3];
        float* to[3] = {};
        for (int part = 0; part < 3; part++) {
            if (context->needs_input_grad(part)) {
                // Padding gets none.
                bool is_whole = part == 0 || std::all_of(heads.lengths.begin(), heads.lengths.end(),
                                                         [&](int64_t length) { return length == heads.n_keys(); });
                results[part] = is_whole ? torch::empty_like(saved[part]) : torch::zeros_like(saved[part]);
                to[part] = results[part].mutable_data_ptr<float>();
            }
        }
        heads.for_each([&](int64_t index, const finetop::Head& head, float* room) {
            int64_t of_readers = heads.offset(index, head.readers), of_keys = heads.offset(index, head.all_keys);
            auto at = [](float* begin, int64_t offset) { return begin == nullptr ? nullptr : begin + offset; };
            finetop::HeadGradient result = {from + of_readers, log_sums + index * head.readers, at(to[0], of_readers), at(to[1], of_keys),
                                            at(to[2], of_keys)};
            finetop::kernels().head_gradient(head, result, room);
        });
        return {results[0], results[1], results[2], torch::Tensor(), torch::Tensor(), torch::Tensor(), torch::Tensor()};
    }
};

}  // namespace

// softmax(query · keyᵀ / √D + mask), with dropout of `probability` on it, · value, head by head: `query` [B,R,H], `key` and `value` [B,K,H],
// `mask` null or [B,1,1,K] as `lengths` reads it, all in fp32 on the processor -> [B,R,H].
extern "C" char* finetop_attention(const torch::Tensor* query, const torch::Tensor* key, const torch::Tensor* value,
                                   const torch::Tensor* mask, int64_t n_heads, double probability, torch::Tensor** result) {
    return guarded([&] {
        auto given = mask == nullptr ? std::nullopt : std::optional<torch::Tensor>(*mask);
        bool keeps = is_watched({*query, *key, *value});
        *result = new torch::Tensor(Attention::apply(*query, *key, *value, lengths(given, key->size(0), key->size(1)), n_heads,
                                                     kept(draw(probability)), keeps));
    });
}
