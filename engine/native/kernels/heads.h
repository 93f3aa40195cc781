// One head of attention for one row of the batch, forwards and backwards, on the vectors where the linear layers left them. Included by
// `kernels.cpp` alone.
//
// Paper: Vaswani et al. 2017, arXiv:1706.03762, equation 1. Probabilities are made anew for the gradient from the logarithms of their sums, as
// in Dao et al. 2022, arXiv:2205.14135, appendix B.

#pragma once

#include <math.h>

#include "kernels.h"
#include "rows.h"
#include "vector.h"

namespace {

using finetop::Head;
using finetop::HeadGradient;
using finetop::HeadResult;

constexpr int64_t BLOCK = 4;  // rows of a product that are computed together

INLINE int64_t rounded_up(int64_t n) { return (n + LANES - 1) / LANES * LANES; }

// A matrix whose element (row, column) lies at row · `down` + column · `right`.
struct Matrix {
    const float* at;
    int64_t down;
    int64_t right;
};

// `ROWS` rows and `COLUMNS` · 16 columns of left · right.
template <int ROWS, int COLUMNS>
INLINE void product_block(Matrix left, const float* right, int64_t right_stride, float* to, int64_t to_stride, int64_t depth) {
    Vector sums[ROWS][COLUMNS] = {};
    for (int64_t k = 0; k < depth; k++) {
        Vector line[COLUMNS];
        for (int column = 0; column < COLUMNS; column++) {
            line[column] = load(right + k * right_stride + column * LANES);
        }
        for (int row = 0; row < ROWS; row++) {
            const float factor = left.at[row * left.down + k * left.right];
            for (int column = 0; column < COLUMNS; column++) {
                sums[row][column] += line[column] * factor;
            }
        }
    }
    for (int row = 0; row < ROWS; row++) {
        for (int column = 0; column < COLUMNS; column++) {
            store(to + row * to_stride + column * LANES, sums[row][column]);
        }
    }
}

template <int ROWS>
INLINE void product_rows(Matrix left, const float* right, int64_t right_stride, float* to, int64_t to_stride, int64_t depth, int64_t columns) {
    int64_t column = 0;
    for (; column + 2 * LANES <= columns; column += 2 * LANES) {
        product_block<ROWS, 2>(left, right + column, right_stride, to + column, to_stride, depth);
    }
    if (column < columns) {
        product_block<ROWS, 1>(left, right + column, right_stride, to + column, to_stride, depth);
    }
}

// to [rows,columns] = left [rows,depth] · right [depth,columns], `columns` a multiple of 16.
void product(Matrix left, const float* right, int64_t right_stride, float* to, int64_t to_stride, int64_t rows, int64_t depth, int64_t columns) {
    int64_t row = 0;
    for (; row + BLOCK <= rows; row += BLOCK) {
        Matrix part = {left.at + row * left.down, left.down, left.right};
        product_rows<BLOCK>(part, right, right_stride, to + row * to_stride, to_stride, depth, columns);
    }
    for (; row < rows; row++) {
        Matrix part = {left.at + row * left.down, left.down, left.right};
        product_rows<1>(part, right, right_stride, to + row * to_stride, to_stride, depth, columns);
    }
}

// The `n` vectors at `from`, `stride` apart, as the columns of a matrix [size,width], zeros behind the `n`-th.
void turn(const float* from, int64_t stride, int64_t n, int64_t size, float* to, int64_t width) {
    for (int64_t row = 0; row < size; row++) {
        for (int64_t column = n; column < width; column++) {
            to[row * width + column] = 0.0f;
        }
    }
    for (int64_t column = 0; column < n; column++) {
        for (int64_t row = 0; row < size; row++) {
            to[row * width + column] = from[column * stride + row];
        }
    }
}

// to = left · right, where `right` [depth,size] and `to` [rows,size] are vectors of the batch, `stride` apart. Where their size is no multiple
// of sixteen, it is done in `spare` [depth + rows, size rounded up].
void product_of_vectors(Matrix left, const float* right, float* to, int64_t stride, int64_t rows, int64_t depth, int64_t size, float* spare) {
    if (size % LANES == 0) {
        product(left, right, stride, to, stride, rows, depth, size);
        return;
    }
    const int64_t width = rounded_up(size);
    float* const result = spare + depth * width;
    for (int64_t row = 0; row < depth; row++) {
        for (int64_t at = 0; at < width; at++) {
            spare[row * width + at] = at < size ? right[row * stride + at] : 0.0f;
        }
    }
    product(left, spare, width, result, width, rows, depth, width);
    for (int64_t row = 0; row < rows; row++) {
        std::memcpy(to + row * stride, result + row * width, size * sizeof(float));
    }
}

// The parts of the room. Readers lie side by side, so that what is summed over keys is summed by lanes.
struct Room {
    int64_t readers;  // rounded up to sixteen
    float* turned;    // [D,R]
    float* first;     // [K,R]
    float* second;    // [K,R]
    float* spare;     // [R + K, D], D rounded up
    float* end;

    Room(const Head& head, float* at) : readers(rounded_up(head.readers)) {
        turned = at;
        first = turned + head.size * readers;
        second = first + head.keys * readers;
        spare = second + head.keys * readers;
        end = spare + (head.readers + head.keys) * rounded_up(head.size);
    }
};

int64_t head_room(const Head& head) {
    float nothing = 0.0f;
    return Room(head, &nothing).end - &nothing;
}

INLINE float scale_of(const Head& head) { return 1.0f / sqrtf(static_cast<float>(head.size)); }

// key · queryᵀ in `first`.
void scores(const Head& head, const Room& room) {
    turn(head.query, head.stride, head.readers, head.size, room.turned, room.readers);
    product({head.key, head.stride, 1}, room.turned, room.readers, room.first, room.readers, head.keys, head.size, room.readers);
}

// The index of the first key's probability of sixteen readers from `reader` on; those of the next keys follow.
INLINE Bits first_index(const Head& head, int64_t reader) {
    return ((Bits)NUMBERS + static_cast<uint32_t>(reader)) * static_cast<uint32_t>(head.all_keys) + head.first_index;
}

void head(const Head& head, const HeadResult& result, float* memory) {
    const Room room(head, memory);
    const float scale = scale_of(head);
    scores(head, room);
    for (int64_t reader = 0; reader < room.readers; reader += LANES) {
        float* const column = room.first + reader;
        Vector top = load(column);
        for (int64_t key = 1; key < head.keys; key++) {
            Vector score = load(column + key * room.readers);
            top = choose(score > top, score, top);
        }
        Vector total{};
        for (int64_t key = 0; key < head.keys; key++) {
            Vector value = exponential((load(column + key * room.readers) - top) * scale);
            total += value;
            store(column + key * room.readers, value);
        }
        const Vector share = 1.0f / total;
        const Bits index = first_index(head, reader);
        for (int64_t key = 0; key < head.keys; key++) {
            Vector value = load(column + key * room.readers) * share;
            value = head.dropout.acts() ? dropped(value, index + static_cast<uint32_t>(key), head.dropout) : value;
            store(column + key * room.readers, value);
        }
        if (result.log_sum != nullptr) {
            float lanes[LANES], tops[LANES];
            store(lanes, total);
            store(tops, top * scale);
            for (int64_t lane = 0; lane < LANES && reader + lane < head.readers; lane++) {
                result.log_sum[reader + lane] = tops[lane] + logf(lanes[lane]);
            }
        }
    }
    product_of_vectors({room.first, 1, room.readers}, head.value, result.context, head.stride, head.readers, head.keys, head.size, room.spare);
}

// With P the probabilities, M dropout's factors and G = M ∘ (gradient · valueᵀ), the gradient of the scores is P ∘ (G - rows' sums of P ∘ G).
void head_gradient(const Head& head, const HeadGradient& result, float* memory) {
    const Room room(head, memory);
    const float scale = scale_of(head);
    scores(head, room);
    turn(result.gradient, head.stride, head.readers, head.size, room.turned, room.readers);
    product({head.value, head.stride, 1}, room.turned, room.readers, room.second, room.readers, head.keys, head.size, room.readers);
    // `first` becomes P ∘ M, `second` the gradient of the scores, both with keys as rows.
    for (int64_t reader = 0; reader < room.readers; reader += LANES) {
        float* const kept = room.first + reader;
        float* const gradient = room.second + reader;
        const Vector log_sum = load(result.log_sum + reader, head.readers - reader);
        const Bits index = first_index(head, reader);
        Vector total{};
        for (int64_t key = 0; key < head.keys; key++) {
            const int64_t at = key * room.readers;
            const Vector value = exponential(load(kept + at) * scale - log_sum);
            Vector given = load(gradient + at);
            given = head.dropout.acts() ? dropped(given, index + static_cast<uint32_t>(key), head.dropout) : given;
            total += value * given;
            store(kept + at, value);
            store(gradient + at, given);
        }
        for (int64_t key = 0; key < head.keys; key++) {
            const int64_t at = key * room.readers;
            const Vector value = load(kept + at);
            store(gradient + at, value * (load(gradient + at) - total) * scale);
            if (head.dropout.acts()) {
                store(kept + at, dropped(value, index + static_cast<uint32_t>(key), head.dropout));
            }
        }
    }
    const Matrix kept = {room.first, room.readers, 1}, by_keys = {room.second, room.readers, 1}, by_readers = {room.second, 1, room.readers};
    if (result.of_value != nullptr) {
        product_of_vectors(kept, result.gradient, result.of_value, head.stride, head.keys, head.readers, head.size, room.spare);
    }
    if (result.of_key != nullptr) {
        product_of_vectors(by_keys, head.query, result.of_key, head.stride, head.keys, head.readers, head.size, room.spare);
    }
    if (result.of_query != nullptr) {
        product_of_vectors(by_readers, head.key, result.of_query, head.stride, head.readers, head.keys, head.size, room.spare);
    }
}

}  // namespace
